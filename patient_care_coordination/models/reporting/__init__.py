from . import care_analysis
from . import care_inquiry_report
from . import care_kpi
from . import res_users
