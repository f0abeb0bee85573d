import hashlib

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ..common.from_page import from_page
from ..common.guard import OURS, as_server
from . import letter_pdf

REPORT = "patient_care_coordination.letter"
# Without patched Qt, wkhtmltopdf prints all smaller, by 96/125, whatever it is told.
UNPATCHED = 125 / 96


class CareLetter(models.Model):
    """A letter on paper: how it is printed, and how what was sent is kept."""

    _inherit = "care.letter"

    def _care_render(self):
        """The PDF of this letter as it stands, from wkhtmltopdf.

        All that a reader needs is in the body: wkhtmltopdf without patched Qt prints no header
        and no footer.
        """
        self.ensure_one()
        company = self.sudo().company_id
        printer = self.env["ir.actions.report"].sudo().with_company(company)
        streams = printer.with_context(care_letter=OURS)._render_qweb_pdf_prepare_streams(
            REPORT, {}, res_ids=self.ids
        )
        return streams[self.id]["stream"].getvalue()

    def _care_stamp_size(self):
        return 14 if self.large_print else 8

    def _care_freeze(self):
        """Print this letter once and keep the file with its SHA-256; it is never made again."""
        self.ensure_one()
        if self.attachment_id:
            raise UserError(self.env._("Letter %s was printed already.", self.display_name))
        content = letter_pdf.stamp(
            self._care_render(), self.display_name, size=self._care_stamp_size()
        )
        if not content.startswith(b"%PDF"):
            raise UserError(
                self.env._(
                    "Letter %s could not be printed: ask your administrator to look at "
                    "wkhtmltopdf. Nothing was sent.",
                    self.display_name,
                )
            )
        attachment = as_server(self.env["ir.attachment"]).create(
            [
                {
                    "name": f"{self.display_name}.pdf",
                    "raw": content,
                    "mimetype": "application/pdf",
                    "res_model": self._name,
                    "res_id": self.id,
                }
            ]
        )
        self.with_context(care_letter=OURS).write(
            {"attachment_id": attachment.id, "pdf_sha256": hashlib.sha256(content).hexdigest()}
        )

    def _care_preview(self):
        """The letter as HTML, for the form."""
        self.ensure_one()
        if not self.type_id:
            return False
        return Markup("<div class='care_letter_paper'>%s</div>") % self.env["ir.qweb"]._render(
            "patient_care_coordination.letter_document",
            self._care_print_values() | {"letter": self.sudo(), "style": self._care_style(1)},
            lang=self._care_lang(),
        )

    def _care_print_values(self):
        """What the template needs beside the letter: filled texts, dates, letterhead."""
        self.ensure_one()
        letter = self.sudo()
        values = letter._care_values()
        language = self.env["res.lang"]._get_data(code=letter._care_lang())
        parts = [
            (part.name, self._care_lines(part.shown, blank=True))
            for part in letter.part_ids.sorted(lambda part: (part.sequence, part.id or 0))
            if (part.shown or "").strip() and part.kind != "signed"
        ]
        # A short last part moves to the next page with the signature, which never stands alone.
        tail = parts.pop() if parts and len("".join(parts[-1][1])) < 300 else None
        return {
            "values": values,
            **letter.company_id._care_letterhead(),
            "recipient_lines": self._care_lines(letter.recipient_address),
            "subject": letter._care_fill(letter.subject),
            "opening": self._care_lines(letter._care_fill(letter.opening), blank=True),
            "closing": self._care_lines(letter._care_fill(letter.closing), blank=True),
            "parts": parts,
            "tail": tail,
            "direction": language.direction or "ltr",
            "style": self._care_style(1 if _wkhtml().is_patched_qt else UNPATCHED),
        }

    def _care_style(self, scale):
        """Size of the text and margins left and right, as CSS; all else is relative to them."""
        size, right = (18, 22) if self.large_print else (11, 18)
        left, right = 18 * scale, right * scale
        return f"font-size: {size * scale:.2f}pt; padding: 0 {right:.1f}mm 0 {left:.1f}mm;"

    @api.model
    def _care_lines(self, text, blank=False):
        """The lines of ``text``; empty ones are kept as the space between paragraphs."""
        lines = [line.strip() for line in (text or "").strip().splitlines()]
        return lines if blank else [line for line in lines if line]

    @from_page(one=True)
    def action_preview_pdf(self):
        """Open the PDF: of a sent letter its file, else one marked as a draft."""
        self.ensure_one()
        if self.state == "sent":
            return {
                "type": "ir.actions.act_url",
                "url": f"/web/content/{self.attachment_id.id}",
                "target": "new",
            }
        return self.env.ref("patient_care_coordination.report_letter").report_action(self)


class ReportLetter(models.AbstractModel):
    """What the template of a letter is given; nobody prints what they may not read."""

    _name = "report.patient_care_coordination.letter"
    _description = "Letter on Paper"

    @api.model
    def _get_report_values(self, docids, data=None):
        letters = self.env["care.letter"].browse(docids)
        letters.check_access("read")
        if any(letter.state == "sent" for letter in letters):
            raise UserError(self.env._("A sent letter is not made again: open its PDF."))
        return {
            "doc_ids": docids,
            "doc_model": "care.letter",
            "docs": letters,
            "pages": [(letter, letter._care_print_values()) for letter in letters.sudo()],
        }
