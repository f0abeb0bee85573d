from odoo import SUPERUSER_ID, models

# Context sentinel: only server code can hold this object, so no client can forge it.
OURS = object()


def without_client_defaults(records):
    """The same records, without the defaults that a client put in the context.

    ``default_user_id`` of a form would otherwise reach each record that our code creates later on.
    """
    context = records.env.context
    kept = {key: value for key, value in context.items() if not key.startswith("default_")}
    return records if len(kept) == len(context) else records.with_context(kept)  # pylint: disable=context-overridden


def as_server(records):
    """The same records as the superuser, to write values that our own code computed.

    Neither defaults of the context nor those that a user saved for himself reach what is created
    through them: with plain ``sudo()`` both would be written with the superuser's rights.
    """
    return without_client_defaults(records).sudo().with_context(care_server=OURS)


class IrDefault(models.Model):
    """Saved defaults: those of a user are no part of what the server creates."""

    _inherit = "ir.default"

    def _get_model_defaults(self, model_name, condition=False):
        if self.env.context.get("care_server") is OURS and self.env.uid != SUPERUSER_ID:
            # Cached by user, so the superuser's are asked for.
            everybody = self.with_env(self.env(user=SUPERUSER_ID))
            return everybody._get_model_defaults(model_name, condition)
        return super()._get_model_defaults(model_name, condition)
