from odoo import fields, models

from ..common.guard import as_server


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        """Keep the loan state of serial numbers true, whichever screen moves them.

        Nothing goes out on loan, or to a ward that asked for it, that is not available; what
        comes back is to be cleaned first.
        """
        serial = self.filtered(lambda move: move.product_id.tracking == "serial")
        serial._care_lines("loan", into=True).lot_id._care_check_lendable()
        issued = serial._care_lines("ward", into=True)
        issued = issued.filtered(lambda line: line.location_id.care_role != "loan")
        issued.lot_id.filtered("care_loan_state")._care_check_lendable()
        done = super()._action_done(cancel_backorder=cancel_backorder)
        if serial:
            (done & serial)._care_follow_loans()
        return done

    def _care_lines(self, role, into):
        """The lines that bring things into (or out of) locations of this role."""
        return self.move_line_ids.filtered(
            lambda line: (
                (line.location_dest_id if into else line.location_id).care_role == role
                and (line.location_id if into else line.location_dest_id).care_role != role
            )
        )

    def _care_follow_loans(self):
        """Write what these done moves mean for the things they moved."""
        moves = as_server(self)
        now = fields.Datetime.now()
        out = moves._care_lines("loan", into=True)
        for loan, lines in out.grouped("picking_id").items():
            lines.lot_id.write(
                {
                    "care_loan_state": "lent",
                    "care_loan_picking_id": loan.id,
                    "care_step_date": now,
                }
            )
        back = moves._care_lines("loan", into=False)
        for loan, lots in back.lot_id.grouped("care_loan_picking_id").items():
            lots._care_end_loan(loan)
        lost = moves.move_line_ids.filtered(lambda line: line.location_dest_usage == "inventory")
        lost.lot_id.filtered("care_loan_state").write(
            {"care_loan_state": "missing", "care_step_date": now}
        )
