"""What an installation adds to a database that is already in use, and takes away again.

Natures, letter types, policies, flags and the like are loaded once (``noupdate``), as a hospital
makes them its own: an update adds the records that are new and changes none that is there. What was
deleted comes back, so a hospital archives instead. What an old record must become is a migration
script of that version, which leaves alone what the hospital has changed.
"""

CHANNELS = {
    "helpdesk_mgmt.helpdesk_ticket_channel_web": "portal",
    "helpdesk_mgmt.helpdesk_ticket_channel_email": "email",
    "helpdesk_mgmt.helpdesk_ticket_channel_phone": "phone",
}
# Menus that had their group from the one above, which routing administrators enter too.
MENUS = [
    "helpdesk_mgmt.helpdesk_ticket_dashboard_menu",
    "helpdesk_mgmt.helpdesk_ticket_menu",
]


def post_init_hook(env):
    """Let all companies use the channels, and set up each company."""
    for xmlid, code in CHANNELS.items():
        channel = env.ref(xmlid, raise_if_not_found=False)
        if channel:
            # A channel of one company could not be used by the mail gateway of another.
            channel.write({"care_code": code, "company_id": False})
    env["res.company"].search([])._care_set_up()


def uninstall_hook(env):
    """Give the helpdesk back as it was."""
    env["ir.sequence"].search([("code", "=", "care.turn")]).unlink()
    access = env.ref("helpdesk_mgmt.access_helpdesk_ticket_stage_public", raise_if_not_found=False)
    if access:
        access.perm_write = True
    for xmlid in MENUS:
        menu = env.ref(xmlid, raise_if_not_found=False)
        if menu:
            menu.group_ids -= env.ref("helpdesk_mgmt.group_helpdesk_user_own")
