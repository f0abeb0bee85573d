from odoo import models


class IrBinary(models.AbstractModel):
    _inherit = "ir.binary"

    def _find_record(
        self,
        xmlid=None,
        res_model="ir.attachment",
        res_id=None,
        access_token=None,
        field=None,
    ):
        """An access token opens no file of an inquiry to those who may not read the inquiry."""
        if access_token:
            if xmlid:
                record = self.env.ref(xmlid, raise_if_not_found=False)
            else:
                record = self.env[res_model].browse(res_id) if res_model in self.env else None
            if record and record._name == "ir.attachment" and record._care_closed_to_tokens():
                access_token = None
        return super()._find_record(
            xmlid=xmlid,
            res_model=res_model,
            res_id=res_id,
            access_token=access_token,
            field=field,
        )
