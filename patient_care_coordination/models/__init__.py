from . import inquiry
from . import clock
from . import authority
from . import contact
from . import consult
from . import routing
from . import supply
from . import equipment
