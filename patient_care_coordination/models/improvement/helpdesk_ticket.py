import re

from odoo import fields, models

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket_identity import CALLER, COORDINATORS
from ..routing import engine
from .care_improvement_quotes import ANY_PHONE, KNOWN_PHONE


class HelpdeskTicket(models.Model):
    """The improvements that an inquiry is evidence for."""

    _inherit = "helpdesk.ticket"

    care_improvement_ids = fields.Many2many(
        "care.improvement",
        "care_improvement_ticket_rel",
        "ticket_id",
        "improvement_id",
        string="Improvements",
        readonly=True,
        copy=False,
        groups=COORDINATORS,
    )

    @from_page()
    def action_care_propose(self):
        """Propose an improvement with these inquiries as its evidence."""
        return self.env["care.improvement"]._care_propose(self)

    def _care_people(self):
        """What tells who is behind these inquiries: patients, callers and people spoken to.

        :return: ``(words of names, hospital numbers, digits of phones, dates of birth)``, each a
            set, texts normalised
        """
        tickets = self.sudo()
        patients = tickets.care_patient_id
        contacts = self.env["care.contact"].sudo().search([("ticket_id", "in", tickets.ids)])
        partners = tickets.partner_id | tickets.care_confidential_partner_id | patients.partner_id
        names, phones = set(), set()
        for records, name_fields, phone_fields in (
            (patients, ["name"], ["phone"]),
            (partners, ["name"], ["phone"]),
            (contacts, ["person_name"], ["phone"]),
            (
                tickets,
                ["partner_name", CALLER["partner_name"]],
                ["care_callback_phone", CALLER["care_callback_phone"]],
            ),
        ):
            for record in records:
                for field in name_fields:
                    names.update(engine.normalise(record[field] or "").split())
                phones.update(re.sub(r"\D", "", record[field] or "") for field in phone_fields)
        # What stands for a name that nobody knows names nobody.
        for word in (self.env._("In confidence"), self.env._("Anonymous")):
            names.difference_update(engine.normalise(word).split())
        numbers = {
            re.sub(r"[\W_]+", "", engine.normalise(number))
            for number in patients.mapped("hospital_number")
            if number
        }
        return (
            {name for name in names if len(name) > 1 and not name.isdigit()},
            numbers - {""},
            {phone[-ANY_PHONE:] for phone in phones if len(phone) >= KNOWN_PHONE},
            set(patients.mapped("birth_date")) - {False},
        )

    def _care_staff(self):
        """The words of the names of colleagues who dealt with these inquiries, normalised."""
        tickets = self.sudo()
        behind = [("ticket_id", "in", tickets.ids)]
        users = tickets.user_id
        for model in ("care.contact", "care.consult"):
            users |= self.env[model].sudo().search(behind).user_id
        words = engine.normalise(" ".join(users.mapped("name"))).split()
        return {word for word in words if len(word) > 1 and not word.isdigit()}
