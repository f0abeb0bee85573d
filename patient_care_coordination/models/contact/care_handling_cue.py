from odoo import fields, models

from ..inquiry.helpdesk_ticket import EMOTIONS


class CareHandlingCue(models.Model):
    """A short card for whoever speaks to an upset person. For staff only: no letter shows it."""

    _name = "care.handling.cue"
    _description = "Handling Cue"
    _order = "state"
    _rec_name = "state"

    state = fields.Selection(
        [emotion for emotion in EMOTIONS if emotion[0] != "calm"], "Emotional state", required=True
    )
    say = fields.Text("You may say", translate=True)
    do = fields.Text(translate=True)
    avoid = fields.Text(translate=True)
    active = fields.Boolean(default=True)

    _state_uniq = models.UniqueIndex("(state) WHERE active", "There is a card for this state.")
