import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..common.from_page import from_page


class CarePatient(models.Model):
    """The person an inquiry is about.

    Kept apart from contacts: nothing on a contact may tell that somebody is a patient.
    """

    _name = "care.patient"
    _description = "Patient"
    _inherit = ["care.staff.thread"]
    _order = "name, id"
    _rec_names_search = ["name", "hospital_number"]
    _mail_post_access = "read"

    name = fields.Char(required=True, index="trigram", tracking=True)
    hospital_number = fields.Char("Hospital number", index=True, copy=False, tracking=True)
    birth_date = fields.Date("Date of birth", index="btree_not_null", tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    active = fields.Boolean(default=True)
    phone = fields.Char()
    email = fields.Char()
    address = fields.Text()
    lang_id = fields.Many2one(
        "res.lang", string="Language", context={"active_test": False}, ondelete="restrict"
    )
    access_need_ids = fields.Many2many("care.access.need", string="Access needs")
    safe_to_call = fields.Char(
        "Safe to call", help="When and how it is safe to call, and whether a message may be left."
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        index="btree_not_null",
        ondelete="set null",
        help="Optional: the contact who is this patient. The contact itself does not show it.",
    )
    inquiry_ids = fields.One2many("helpdesk.ticket", "care_patient_id", string="Inquiries")
    inquiry_count = fields.Integer("Number of inquiries", compute="_compute_inquiry_count")

    _hospital_number_uniq = models.UniqueIndex(
        "(company_id, hospital_number) WHERE hospital_number IS NOT NULL",
        "Another patient of this hospital has this hospital number.",
    )

    def _compute_inquiry_count(self):
        counts = dict(
            self.env["helpdesk.ticket"]._read_group(
                [("care_patient_id", "in", self.ids)], ["care_patient_id"], ["__count"]
            )
        )
        for patient in self:
            patient.inquiry_count = counts.get(patient, 0)

    @api.depends("name", "hospital_number", "birth_date")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_display_name(self):
        """The name for those who may read the patient, the hospital's number alone for others.

        Odoo shows display names as superuser wherever a link is shown, so the rights of the user
        behind it are asked. A patient being entered is nobody's secret yet.
        """
        stored = self._origin
        readable = set(stored.sudo(False)._filtered_access("read").ids)
        for patient in self:
            if patient._origin and patient._origin.id not in readable:
                number = patient._origin.sudo().hospital_number
                patient.display_name = number or self.env._("Patient %s", patient._origin.id)
                continue
            extra = [part for part in (patient.hospital_number, patient.birth_date) if part]
            suffix = f" ({', '.join(map(str, extra))})" if extra else ""
            patient.display_name = f"{patient.name or ''}{suffix}"

    @api.model
    def _care_check_filled(self, vals):
        if "name" in vals and not vals["name"]:
            self._care_refuse_nameless()
        return super()._care_check_filled(vals)

    @api.constrains("name")
    def _check_name(self):
        if any(not (patient.name or "").strip() for patient in self):
            self._care_refuse_nameless()

    @api.model
    def _care_refuse_nameless(self):
        raise ValidationError(
            self.env._(
                "A patient needs a name: write what is known, such as Unknown, bed 4, Ward 7."
            )
        )

    @api.constrains("birth_date")
    def _check_birth_date(self):
        today = fields.Date.context_today(self)
        for patient in self:
            if patient.birth_date and patient.birth_date > today:
                raise ValidationError(
                    self.env._(
                        "The birth date %(date)s of %(name)s lies in the future: correct the date.",
                        date=patient.birth_date,
                        name=patient.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_inquiries(self):
        busy = self.sudo().with_context(active_test=False).filtered("inquiry_ids")
        if busy:
            raise UserError(
                self.env._(
                    "%(names)s cannot be deleted because of inquiries: archive instead.",
                    names=", ".join(busy.mapped("name")),
                )
            )

    @from_page(one=True)
    def action_open_inquiries(self):
        """Open the inquiries about this patient."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_inquiries"
        )
        return action | {
            "domain": [("care_patient_id", "=", self.id)],
            "context": {"default_care_patient_id": self.id},
        }

    @api.model
    def _care_clean_number(self, value):
        """Hospital number without blanks around or inside, as printed on wristbands."""
        return re.sub(r"\s+", "", value or "") or False
