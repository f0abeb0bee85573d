from . import care_decision
from . import care_rule
from . import care_rule_line
from . import care_ruleset
from . import helpdesk_ticket
from . import helpdesk_ticket_category
from . import care_department
from . import res_company
