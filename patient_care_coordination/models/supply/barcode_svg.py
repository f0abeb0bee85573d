"""Barcodes on paper as vector graphics, by the part of ReportLab that draws without a backend.

Odoo's own barcode widget makes a PNG, for which ReportLab needs a renderer that many systems do
not have; lines in SVG are also sharp at any size.
"""

import base64

from reportlab.graphics.barcode import createBarcodeDrawing

# Points of the drawing; the page scales it.
WIDTH, HEIGHT = 400, 80


def code128(value):
    """A ``data:`` address of the Code 128 of ``value``; empty for what Code 128 cannot hold."""
    if not value or not value.isascii() or not value.isprintable():
        return ""
    drawing = createBarcodeDrawing(
        "Code128", value=value, width=WIDTH, height=HEIGHT, humanReadable=False
    )
    picture = base64.b64encode(drawing.asString("svg").encode()).decode()
    return f"data:image/svg+xml;base64,{picture}"
