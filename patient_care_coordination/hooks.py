"""What an installation adds to a database that is already in use, and takes away again.

Natures, letter types, policies, flags and the like are loaded once (``noupdate``), as a hospital
makes them its own: an update adds the records that are new and changes none that is there. What was
deleted comes back, so a hospital archives instead. What an old record must become is a migration
script of that version, which leaves alone what the hospital has changed.

An uninstallation takes away what is ours and gives back what we changed. What the tickets of the
hospital use stays (categories, channels, the team that has tickets); a new installation finds it.
"""

import json

from odoo.fields import Command
from odoo.tools import SQL

MODULE = "patient_care_coordination"
CHANNELS = {
    "helpdesk_mgmt.helpdesk_ticket_channel_web": "portal",
    "helpdesk_mgmt.helpdesk_ticket_channel_email": "email",
    "helpdesk_mgmt.helpdesk_ticket_channel_phone": "phone",
}
# Menus of the helpdesk whose group or place our views change.
MENUS = [
    "helpdesk_mgmt.helpdesk_ticket_main_menu",
    "helpdesk_mgmt.helpdesk_ticket_dashboard_menu",
    "helpdesk_mgmt.helpdesk_ticket_menu",
    "helpdesk_mgmt.helpdesk_ticket_reporting_menu",
    "helpdesk_mgmt.helpdesk_ticket_reporting_analysis",
]
# Columns of the helpdesk's tickets that get an index from us alone.
INDEXED = [
    "number",
    "name",
    "partner_name",
    "partner_email",
    "category_id",
    "duplicate_id",
    "channel_id",
]
# Records of ours that the hospital's own may use, with the columns that say so.
SHARED = {
    "helpdesk.ticket.category": [("helpdesk_ticket", "category_id")],
    "helpdesk.ticket.channel": [("helpdesk_ticket", "channel_id")],
    "helpdesk.ticket.team": [("helpdesk_ticket", "team_id")],
    "product.category": [("product_template", "categ_id")],
    "resource.calendar": [
        ("resource_resource", "calendar_id"),
        ("res_company", "resource_calendar_id"),
    ],
}
# What was there before, and what stayed after an uninstallation, as JSON.
BEFORE = f"{MODULE}.before"
KEPT = f"{MODULE}.kept"


def pre_init_hook(env):
    """Remember what we are going to change, and find again what an earlier installation left."""
    menus = {}
    for xmlid in MENUS:
        menu = env.ref(xmlid, raise_if_not_found=False)
        if menu:
            menus[xmlid] = {"sequence": menu.sequence, "group_ids": menu.group_ids.ids}
    channels = {}
    for xmlid in CHANNELS:
        channel = env.ref(xmlid, raise_if_not_found=False)
        if channel:
            channels[xmlid] = channel.company_id.id
    parameters = env["ir.config_parameter"].sudo()
    parameters.set_param(BEFORE, json.dumps({"menus": menus, "channels": channels}))
    for name, (model, res_id) in json.loads(parameters.get_param(KEPT) or "{}").items():
        if env[model].browse(res_id).exists():
            env["ir.model.data"].create(
                {
                    "module": MODULE,
                    "name": name,
                    "model": model,
                    "res_id": res_id,
                    "noupdate": True,
                }
            )
    parameters.search([("key", "=", KEPT)]).unlink()


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
    give_back(env)
    release_links(env)
    keep_what_is_used(env)
    drop_indexes(env)
    forget_reflections(env)


def give_back(env):
    """Put menus and channels back, but for what the hospital has changed since."""
    parameters = env["ir.config_parameter"].sudo()
    before = json.loads(parameters.get_param(BEFORE) or "{}")
    for xmlid, values in before.get("menus", {}).items():
        menu = env.ref(xmlid, raise_if_not_found=False)
        if menu:
            groups = env["res.groups"].browse(values["group_ids"]).exists()
            menu.write({"sequence": values["sequence"], "group_ids": [Command.set(groups.ids)]})
    for xmlid, company_id in before.get("channels", {}).items():
        channel = env.ref(xmlid, raise_if_not_found=False)
        company = env["res.company"].browse(company_id or []).exists()
        if channel and not channel.company_id and company:
            channel.company_id = company
    parameters.search([("key", "=", BEFORE)]).unlink()


def release_links(env):
    """Take the foreign keys off our tables and columns, which go anyway.

    Odoo deletes records before tables, so a link that forbids deleting would keep the record for
    good: the categories that our rules name.
    """
    env.flush_all()
    rows = env.execute_query(
        SQL(
            """
            SELECT pg_class.relname, pg_constraint.conname
              FROM pg_constraint
              JOIN pg_class ON pg_class.oid = pg_constraint.conrelid
              JOIN pg_class target ON target.oid = pg_constraint.confrelid
              JOIN pg_attribute ON pg_attribute.attrelid = pg_class.oid
                               AND pg_attribute.attnum = pg_constraint.conkey[1]
             WHERE pg_constraint.contype = 'f'
               AND pg_constraint.connamespace = current_schema()::regnamespace
               AND target.relname NOT LIKE 'care\\_%%'
               AND (pg_class.relname LIKE 'care\\_%%' OR pg_attribute.attname LIKE 'care\\_%%')
            """
        )
    )
    for table, name in rows:
        env.cr.execute(
            SQL("ALTER TABLE %s DROP CONSTRAINT %s", SQL.identifier(table), SQL.identifier(name))
        )
    # A triage team is not deleted; from here on, no team is one.
    env.cr.execute(SQL("UPDATE res_company SET care_triage_team_id = NULL"))
    env.invalidate_all()
    env.cr.execute(
        SQL(
            """
            DELETE FROM ir_model_constraint
             WHERE type = 'f' AND module = (SELECT id FROM ir_module_module WHERE name = %s)
            """,
            MODULE,
        )
    )


def keep_what_is_used(env):
    """Let go of our records that the hospital's own use, and note them for a new installation."""
    kept = {}
    for model, columns in SHARED.items():
        data = env["ir.model.data"].search([("module", "=", MODULE), ("model", "=", model)])
        ids = tuple(data.mapped("res_id"))
        if not ids:
            continue
        used = set()
        for table, column in columns:
            used |= {
                row[0]
                for row in env.execute_query(
                    SQL(
                        "SELECT DISTINCT %(column)s FROM %(table)s WHERE %(column)s IN %(ids)s",
                        column=SQL.identifier(column),
                        table=SQL.identifier(table),
                        ids=ids,
                    )
                )
            }
        records = env[model].browse(used)
        if "parent_id" in records._fields:
            while parents := records.parent_id - records:
                records |= parents
        stays = data.filtered(lambda row, ids=set(records.ids): row.res_id in ids)
        kept |= {row.name: [row.model, row.res_id] for row in stays}
        stays.unlink()
    if kept:
        env["ir.config_parameter"].sudo().set_param(KEPT, json.dumps(kept))


def drop_indexes(env):
    """Drop the indexes that no definition of the field but ours asks for."""
    wanted = {
        field.name
        for definition in type(env["helpdesk.ticket"]).__mro__
        if getattr(definition, "_module", MODULE) != MODULE
        for field in definition.__dict__.get("_field_definitions", ())
        if (field._args__ or {}).get("index")
    }
    for name in set(INDEXED) - wanted:
        index = SQL.identifier(f"helpdesk_ticket__{name}_index")
        env.cr.execute(SQL("DROP INDEX IF EXISTS %s", index))


def forget_reflections(env):
    """Delete what other modules note about models of ours, which Odoo leaves behind."""
    env.cr.execute(
        SQL(
            """
            DELETE FROM ir_model_data
             WHERE module <> %s
               AND (name LIKE 'model\\_inherit\\_\\_care\\_%%'
                    OR name LIKE 'selection\\_\\_care\\_%%'
                    OR name LIKE 'field\\_care\\_%%')
            """,
            MODULE,
        )
    )
    # The choices of fields that tickets have from a mixin of others, through us alone.
    env.cr.execute(
        SQL(
            """
            DELETE FROM ir_model_data choice
             USING ir_model_fields_selection, ir_model_fields
             WHERE choice.model = 'ir.model.fields.selection'
               AND choice.module <> %(module)s
               AND ir_model_fields_selection.id = choice.res_id
               AND ir_model_fields.id = ir_model_fields_selection.field_id
               AND ir_model_fields.model = 'helpdesk.ticket'
               AND NOT EXISTS (
                       SELECT FROM ir_model_data field
                        WHERE field.model = 'ir.model.fields'
                          AND field.res_id = ir_model_fields.id
                          AND field.module <> %(module)s
                   )
            """,
            module=MODULE,
        )
    )
