"""Charts as files: PNG (twice the screen's resolution), SVG, CSV of the numbers, and a table for the clipboard."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QRectF, QSaveFile, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from workbench.errors import FormatError
from workbench.gui.charts.chart import LEFT, Cell, Exportable, Table, draw_text, one_line, text_width
from workbench.gui.widgets import theme

MARGIN = 16
NOTE = 24                            # height of the line below a chart that says what its numbers are
LEGEND_ROW = 22
LARGEST_PIXELS = 64_000_000          # of a PNG; larger charts come out at a lower resolution
FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "'")


def png(chart: Exportable, scale: float = 2.0) -> bytes:
    """The chart as a PNG file, ``scale`` times its logical size."""
    size = _export_size(chart)
    width, height = size.width() + 2 * MARGIN, size.height() + 2 * MARGIN
    scale = min(scale, math.sqrt(LARGEST_PIXELS / (width * height)), 32_000 / max(width, height))
    image = QImage(math.ceil(width * scale), math.ceil(height * scale), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(scale)
    image.fill(theme.color("surface"))
    _draw(chart, image)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")                    # type: ignore[call-overload]  # the stub asks for bytes, Qt for str
    return bytes(buffer.data().data())


def svg(chart: Exportable) -> bytes:
    """The chart as an SVG file, in logical pixels."""
    size = _export_size(chart)
    width, height = math.ceil(size.width()) + 2 * MARGIN, math.ceil(size.height()) + 2 * MARGIN
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(96)
    generator.setSize(QSize(width, height))
    generator.setViewBox(QRect(0, 0, width, height))
    generator.setTitle(chart.accessibleName())
    _draw(chart, generator, background=QRectF(0, 0, width, height))
    return bytes(buffer.data().data())


def csv_text(table: Table) -> str:
    """The numbers as CSV. Text that a spreadsheet would run as a formula gets a leading apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_csv_cell(column) for column in table.columns])
    writer.writerows([_csv_cell(cell) for cell in row] for row in table.rows)
    return out.getvalue()


def tsv_text(table: Table) -> str:
    """The numbers for the clipboard: tabs between the columns, one line a row; formulas as in ``csv_text``."""
    rows = [table.columns, *table.rows]
    return "\n".join("\t".join(_flat(cell) for cell in row) for row in rows) + "\n"


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises FormatError (folder missing, disk full, no permission)."""
    file = QSaveFile(str(path))
    if not file.open(QIODevice.OpenModeFlag.WriteOnly):
        raise _cannot_write(path, file.errorString())
    file.write(QByteArray(content))
    if not file.commit():
        raise _cannot_write(path, file.errorString())


WRITERS: dict[str, Callable[[Exportable], bytes]] = {
    "png": png,
    "svg": svg,
    "csv": lambda chart: csv_text(chart.table()).encode("utf-8"),
}


def save(chart: Exportable, path: Path) -> None:
    """Write ``chart`` in the format that the file's ending names (.png, .svg or .csv). Raises FormatError."""
    writer = WRITERS.get(path.suffix.lower().lstrip("."))
    if writer is None:
        raise FormatError(f"A chart cannot be written as “{path.suffix}”.", safe="Nothing was written.",
                          remedy="Choose a name that ends in .png, .svg or .csv.")
    write(path, writer(chart))


def _draw(chart: Exportable, device: QImage | QSvgGenerator, background: QRectF | None = None) -> None:
    size = _export_size(chart)
    painter = QPainter(device)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if background is not None:
        painter.fillRect(background, theme.color("surface"))
    rows = _legend_rows(chart, size.width())
    for place, row in enumerate(rows):
        _draw_legend_row(painter, row, MARGIN + place * LEGEND_ROW)
    legend = len(rows) * LEGEND_ROW
    chart.draw(painter, QRectF(MARGIN, MARGIN + legend, size.width(), size.height() - legend - _note_height(chart)))
    if _note_height(chart):
        room = QRectF(MARGIN, MARGIN + size.height() - NOTE + 6, size.width(), NOTE - 6)
        draw_text(painter, room, getattr(chart, "note", ""), theme.color("text3"), theme.font("caption"), LEFT)
    painter.end()


def _export_size(chart: Exportable) -> QSizeF:
    size = chart.export_size()
    legend = len(_legend_rows(chart, size.width())) * LEGEND_ROW
    return QSizeF(size.width(), size.height() + legend + _note_height(chart))


def _legend_rows(chart: Exportable, width: float) -> list[list[tuple[str, QColor, float]]]:
    """Names with colours and widths, in as many rows as they need. On the screen the page has them."""
    legend: Callable[[], Sequence[tuple[str, QColor]]] = getattr(chart, "legend", tuple)
    rows: list[list[tuple[str, QColor, float]]] = []
    left = 0.0
    for name, colour in legend():
        wide = min(text_width(one_line(name), theme.font("small")) + 34, width)
        if not rows or wide > left:
            rows.append([])
            left = width
        rows[-1].append((one_line(name), colour, wide))
        left -= wide
    return rows


def _draw_legend_row(painter: QPainter, row: Sequence[tuple[str, QColor, float]], top: float) -> None:
    x = float(MARGIN)
    for name, colour, wide in row:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(x, top + 6, 9, 9), 2.5, 2.5)
        draw_text(painter, QRectF(x + 15, top, wide - 18, 20), name, theme.color("text"), theme.font("small"), LEFT)
        x += wide


def _note_height(chart: Exportable) -> float:
    return NOTE if getattr(chart, "note", "") else 0.0


def _csv_cell(cell: Cell) -> Cell:
    if isinstance(cell, float) and math.isnan(cell):
        return None
    if isinstance(cell, str) and cell.startswith(FORMULA_START):
        return "'" + cell
    return cell


def _flat(cell: Cell) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    text = " ".join(str(cell).split())
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA_START) else text


def _cannot_write(path: Path, reason: str) -> FormatError:
    return FormatError(f"{path.name} could not be written: {reason}.", safe="A file that was there is unchanged.",
                       remedy="Choose another folder, or free some space.")
