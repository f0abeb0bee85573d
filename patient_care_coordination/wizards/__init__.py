from . import care_intake
from . import care_patient_import
from . import care_replay
from . import care_ruleset_compare
from . import care_ruleset_import
from . import care_trace
from . import care_tryout
from . import care_upgrade
