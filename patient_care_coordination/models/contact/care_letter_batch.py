import base64
import logging

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.pdf import merge_pdf

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import OURS
from .care_letter import COORDINATOR

_logger = logging.getLogger(__name__)


class CareLetterBatch(models.Model):
    """Letters printed together: each is sent once, then all are merged into one file.

    A cron works on it one letter at a time and commits after each, so that a server that stops in
    the middle loses nothing and prints nothing twice.
    """

    _name = "care.letter.batch"
    _description = "Batch of Letters"
    _order = "id desc"

    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    user_id = fields.Many2one("res.users", string="Started by", required=True, readonly=True)
    state = fields.Selection(
        [("running", "Printing"), ("done", "Printed")],
        required=True,
        default="running",
        readonly=True,
        index=True,
    )
    line_ids = fields.One2many(
        "care.letter.batch.line", "batch_id", string="Letters of the batch", readonly=True
    )
    total = fields.Integer("Letters", compute="_compute_progress")
    printed = fields.Integer(compute="_compute_progress")
    failed = fields.Integer("Not printed", compute="_compute_progress")
    attachment_id = fields.Many2one("ir.attachment", string="File", readonly=True)
    done_date = fields.Datetime("Printed on", readonly=True)

    def _compute_display_name(self):
        for batch in self:
            batch.display_name = self.env._("Letters %s", batch.id or "")

    @api.depends("line_ids.state")
    def _compute_progress(self):
        counts = {}
        rows = self.env["care.letter.batch.line"]._read_group(
            [("batch_id", "in", self.ids)], ["batch_id", "state"], ["__count"]
        )
        for batch, state, count in rows:
            counts[batch.id, state] = count
        for batch in self:
            by_state = [counts.get((batch.id, x), 0) for x in ("waiting", "done", "failed")]
            batch.total, (_waiting, batch.printed, batch.failed) = sum(by_state), by_state

    @api.model_create_multi
    def create(self, vals_list):
        self._care_check_ours()
        return super().create(vals_list)

    def write(self, vals):
        self._care_check_ours()
        return super().write(vals)

    def unlink(self):
        self.env["care.letter.batch"]._care_refuse_deletion()
        return super().unlink()

    def _care_refuse_deletion(self):
        raise UserError(self.env._("What was printed is kept."))

    def _care_check_ours(self):
        if self.env.context.get("care_letter") is not OURS:
            raise AccessError(self.env._("Batches are started from the list of checked letters."))

    @api.model
    def _care_start(self, letters):
        """A running batch of these checked letters, for the cron to print."""
        if not self.env.user.has_group(COORDINATOR):
            raise AccessError(self.env._("Coordinators check and send letters: ask one."))
        letters.check_access("write")
        letters._care_check_sendable()
        letters._care_check_postable()
        if not letters:
            raise UserError(self.env._("Choose the letters to print."))
        if len(letters.company_id) > 1:
            raise UserError(self.env._("Print the letters of one hospital at a time."))
        busy = (
            self.env["care.letter.batch.line"]
            .sudo()
            .search([("letter_id", "in", letters.ids), ("state", "=", "waiting")])
        )
        if busy:
            raise UserError(
                self.env._(
                    "These letters wait in another batch already: %(letters)s.",
                    letters=", ".join(busy.letter_id.mapped("display_name")),
                )
            )
        letters.filtered(lambda letter: letter.way != "print").write({"way": "print"})
        batch = (
            self.sudo()
            .with_context(care_letter=OURS)
            .create(
                [
                    {
                        "company_id": letters.company_id.id,
                        "user_id": self.env.user.id,
                        "line_ids": [
                            Command.create({"letter_id": letter.id})
                            for letter in letters.sorted("id")
                        ],
                    }
                ]
            )
        )
        self.env.ref("patient_care_coordination.cron_print_letters").sudo()._trigger()
        return self.browse(batch.id)

    @from_page(one=True)
    def action_download(self):
        """Open the merged file."""
        self.ensure_one()
        if not self.attachment_id:
            raise UserError(
                self.env._("There is no file: see below why the letters were not printed.")
                if self.state == "done"
                else self.env._(
                    "%(printed)s of %(total)s letters are printed: the file comes with the last.",
                    printed=self.printed,
                    total=self.total,
                )
            )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.attachment_id.id}?download=true",
            "target": "download",
        }

    def _care_open(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "care.letter.batch",
            "res_id": self.id,
            "view_mode": "form",
            "target": "current",
        }

    @api.model
    def _cron_print_letters(self):
        """Print what waits, one letter at a time, and merge the batches that are through."""
        cron = self.env["ir.cron"]
        lines = self.env["care.letter.batch.line"].search([("state", "=", "waiting")], order="id")
        cron._commit_progress(remaining=len(lines))
        for line in lines:
            line._care_print()
            if not cron._commit_progress(1):
                return
        for batch in self.search([("state", "=", "running")], order="id"):
            batch._care_merge()
            cron._commit_progress()

    def _care_merge(self):
        """Make the one file of a batch whose letters are through; later runs change nothing."""
        self.ensure_one()
        batch = self.try_lock_for_update()
        if not batch or batch.state != "running":
            return
        if "waiting" in batch.line_ids.mapped("state"):
            return
        files = batch.line_ids.filtered(lambda line: line.state == "done").letter_id.attachment_id
        values = {"state": "done", "done_date": fields.Datetime.now()}
        if files:
            merged = merge_pdf([file.raw for file in files.sorted("id")])
            values["attachment_id"] = (
                self.env["ir.attachment"]
                .create(
                    [
                        {
                            "name": f"letters-{batch.id}.pdf",
                            "datas": base64.b64encode(merged),
                            "mimetype": "application/pdf",
                            "res_model": self._name,
                            "res_id": batch.id,
                        }
                    ]
                )
                .id
            )
        batch.with_context(care_letter=OURS).write(values)


class CareLetterBatchLine(models.Model):
    """One letter of a batch: waiting, printed, or not printed and why."""

    _name = "care.letter.batch.line"
    _description = "Letter of a Batch"
    _order = "batch_id, id"
    _rec_name = "letter_id"

    batch_id = fields.Many2one(
        "care.letter.batch", required=True, index=True, ondelete="restrict", readonly=True
    )
    letter_id = fields.Many2one(
        "care.letter", required=True, index=True, ondelete="restrict", readonly=True
    )
    state = fields.Selection(
        [("waiting", "Waiting"), ("done", "Printed"), ("failed", "Not printed")],
        required=True,
        default="waiting",
        readonly=True,
    )
    error = fields.Char("Why not", readonly=True)

    _one_print = models.UniqueIndex(
        "(letter_id) WHERE state <> 'failed'", "This letter is in another batch already."
    )
    _waiting_idx = models.Index("(id) WHERE state = 'waiting'")

    @api.model_create_multi
    def create(self, vals_list):
        self.env["care.letter.batch"]._care_check_ours()
        return super().create(vals_list)

    def write(self, vals):
        self.env["care.letter.batch"]._care_check_ours()
        return super().write(vals)

    def unlink(self):
        self.env["care.letter.batch"]._care_refuse_deletion()
        return super().unlink()

    def _care_print(self):
        """Send one letter as the person who started the batch; keep why if it is refused."""
        self.ensure_one()
        line = self.try_lock_for_update()
        line.invalidate_recordset(["state"])
        if not line or line.state != "waiting":
            return
        batch = line.batch_id
        letter = batch.user_id._care_as(line.letter_id).with_context(
            allowed_company_ids=batch.company_id.ids,
            lang=batch.user_id.lang,
            tz=batch.user_id.tz,
        )
        values = {"state": "done"}
        try:
            with letter.ticket_id._care_savepoint():
                letter._care_send()
        except (UserError, AccessError) as error:
            values = {"state": "failed", "error": str(error)}
        except Exception as error:
            _logger.exception("Printing letter %s failed", letter.id)
            values = {"state": "failed", "error": f"{type(error).__name__}: {error}"}
        line.with_context(care_letter=OURS).write(values)
