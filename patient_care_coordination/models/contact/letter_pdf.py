"""Marks on the pages of a PDF that wkhtmltopdf made, the same with every build of it."""

import io

from reportlab.lib.colors import Color, black
from reportlab.pdfgen import canvas

from odoo.tools.pdf import PdfFileReader, PdfFileWriter


def stamp(content, label, draft=False, size=8):
    """The PDF ``content`` with ``label`` and the page number on each of several pages.

    ``draft`` adds the word DRAFT across each page. ``size`` is that of the label in points.
    """
    source = PdfFileReader(io.BytesIO(content), strict=False)
    pages = source.getNumPages()
    if pages == 1 and not draft:
        return content
    packet = io.BytesIO()
    marks = canvas.Canvas(packet)
    for number in range(pages):
        box = source.getPage(number).mediaBox
        width, height = float(abs(box.getWidth())), float(abs(box.getHeight()))
        marks.setPageSize((width, height))
        if pages > 1:
            marks.setFont("Helvetica", size)
            marks.setFillColor(black)
            marks.drawRightString(width - 50, 24, f"{label}    {number + 1} / {pages}")
        if draft:
            marks.translate(width / 2, height / 2)
            marks.rotate(50)
            marks.setFont("Helvetica-Bold", 110)
            marks.setFillColor(Color(0.75, 0.1, 0.1, alpha=0.18))
            marks.drawCentredString(0, -35, "DRAFT")
        marks.showPage()
    marks.save()
    overlay = PdfFileReader(packet)
    target = PdfFileWriter()
    for number in range(pages):
        page = source.getPage(number)
        page.mergePage(overlay.getPage(number))
        target.addPage(page)
    result = io.BytesIO()
    target.write(result)
    return result.getvalue()
