"""Columns that an installation adds to tables of others that are full already."""

from odoo.tools import sql


def add_empty_columns(model, prefixes=("care_",)):
    """Add the stored computed columns of ours that are missing, empty; call it in ``_auto_init``.

    Odoo would compute each existing record in memory and write it back: long on a full table, and
    every ticket would seem to have been changed today. Only for fields that are empty until there
    are records of ours.
    """
    cr = model.env.cr
    if not sql.table_exists(cr, model._table):
        return
    known = sql.table_columns(cr, model._table)
    for field in model._fields.values():
        if (
            field.store
            and field.compute
            and field.column_type
            and field.name.startswith(prefixes)
            and field.name not in known
        ):
            sql.create_column(cr, model._table, field.name, field.column_type[1], field.string)
