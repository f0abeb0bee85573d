"""CSV files that people hand in: UTF-8, commas or semicolons, told by line what is wrong."""

import base64
import binascii
import csv
import io

from odoo.exceptions import UserError


def read_rows(env, data, columns, needed):
    """The rows of a file.

    :param data: the file, base64
    :param columns: all columns that are known, for the error
    :param needed: the column without which there is nothing to read
    :return: ``[(line the row begins on, {column in lower case: text or None}), ...]``; texts
        beyond the header are under the key None
    :raises UserError: if the file cannot be read
    """
    try:
        text = base64.b64decode(data).decode("utf-8-sig")
    except (UnicodeDecodeError, binascii.Error) as error:
        raise UserError(env._("The file is not UTF-8 text: save it as CSV in UTF-8.")) from error
    text = text.replace("\x00", "")
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    # Strict, because a quote left open would otherwise swallow all rows after it.
    reader = csv.DictReader(io.StringIO(text, newline=None), delimiter=delimiter, strict=True)
    rows, line = [], 1
    try:
        reader.fieldnames = [(column or "").strip().lower() for column in reader.fieldnames or []]
        if needed not in reader.fieldnames:
            raise UserError(
                env._(
                    "The file has no column '%(column)s'. Known columns: %(known)s.",
                    column=needed,
                    known=", ".join(columns),
                )
            )
        line = reader.line_num + 1
        for row in reader:
            # Blank lines are passed over, so a row's first line is counted from its last.
            texts = [value or "" for key, value in row.items() if key] + row.get(None, [])
            rows.append((reader.line_num - sum(value.count("\n") for value in texts), row))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(
            env._(
                "The row that begins on line %s cannot be read: look for a quote that is"
                " opened and not closed. Nothing was imported.",
                line,
            )
        ) from error
    return rows
