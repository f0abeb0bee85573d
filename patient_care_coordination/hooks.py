"""What an installation adds to a database that is already in use, and takes away again."""

CHANNELS = {
    "helpdesk_mgmt.helpdesk_ticket_channel_web": "portal",
    "helpdesk_mgmt.helpdesk_ticket_channel_email": "email",
    "helpdesk_mgmt.helpdesk_ticket_channel_phone": "phone",
}


def post_init_hook(env):
    """Close two holes of the helpdesk and set up each company."""
    for xmlid, code in CHANNELS.items():
        channel = env.ref(xmlid, raise_if_not_found=False)
        if channel:
            # A channel of one company could not be used by the mail gateway of another.
            channel.write({"care_code": code, "company_id": False})
    _set_public_stage_write(env, False)
    env["res.company"].search([])._care_set_up()


def uninstall_hook(env):
    """Give the helpdesk back as it was."""
    _set_public_stage_write(env, True)
    env["ir.sequence"].search([("code", "=", "care.turn")]).unlink()


def _set_public_stage_write(env, allowed):
    access = env.ref("helpdesk_mgmt.access_helpdesk_ticket_stage_public", raise_if_not_found=False)
    if access:
        access.perm_write = allowed
