"""The report of a comparison on the Bench page with its charts, as HTML or PDF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QUrl
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from workbench.formats.comparison_report import ComparisonReport, html, plain_html
from workbench.formats.report import Chart
from workbench.gui.charts import export
from workbench.gui.charts.chart import Exportable

DPI = 150
TEXT_POINTS = 9.5


def drawn(charts: Sequence[tuple[str, Exportable, str]]) -> list[Chart]:
    """``charts`` are (title, chart, caption)."""
    return [Chart(title, _inline(export.svg(chart).decode("utf-8")), caption) for title, chart, caption in charts]


def _inline(svg: str) -> str:
    """Qt writes a file; inside a page the XML declaration has no place."""
    return svg[svg.index("<svg"):]


def write_html(report: ComparisonReport, path: Path) -> None:
    """Raises FormatError."""
    export.write(path, html(report).encode("utf-8"))


def write_pdf(report: ComparisonReport, charts: Sequence[Exportable], path: Path) -> None:
    """The same as an A4 document. Raises FormatError."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(report.title)
    writer.setResolution(DPI)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(16, 16, 16, 16), QPageLayout.Unit.Millimeter)
    page = QTextDocument()
    page.setDefaultStyleSheet(
        f"body{{font-size:{TEXT_POINTS}pt;color:#1f2328}} h1{{font-size:15pt}} h2{{font-size:11.5pt}} "
        "p.faint{color:#59636e} th{font-weight:600;text-align:left} td,th{padding:2px 8px 2px 0} "
        ".right{text-align:right}")
    page.setPageSize(writer.pageLayout().paintRectPoints().size().toSizeF())
    width = int(page.pageSize().width() - 2 * page.documentMargin())
    pictures = [f"chart{place}" for place in range(len(charts))]
    for name, chart in zip(pictures, charts, strict=True):
        image = QImage.fromData(export.png(chart, 3.0))
        page.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), image)
    page.setHtml(plain_html(report, pictures).replace('width="100%"', f'width="{width}"'))
    page.print_(writer)
    del writer                                   # it writes the end of the file when it goes
    export.write(path, bytes(buffer.data().data()))
