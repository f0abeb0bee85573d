from . import care_consult
from . import care_consult_mail
from . import care_consult_template
from . import care_department
from . import helpdesk_ticket_team
from . import helpdesk_ticket
from . import res_company_demo
