"""Colours, fonts and icons of the window, light and dark. The tokens' meaning stands in docs/design.md.

Everything that paints asks here for each colour, font and icon when it paints, and repaints on ``notifier.changed``.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

import workbench_resources as resources
from workbench.gui.widgets import theme_sheet

BASE_PX = 13                                   # the design's body size; a larger system font enlarges everything
MODES = ("system", "light", "dark")
TEXT_STEPS = range(-2, 8)                      # what a person may add to the body size, in logical pixels
_ROLES: dict[str, tuple[float, QFont.Weight]] = {
    "display": (2.15, QFont.Weight.DemiBold),
    "heading": (1.4, QFont.Weight.DemiBold),
    "title": (1.15, QFont.Weight.DemiBold),
    "reading": (1.15, QFont.Weight.Normal),
    "body": (1.0, QFont.Weight.Normal),
    "medium": (1.0, QFont.Weight.Medium),
    "strong": (1.0, QFont.Weight.DemiBold),
    "section": (0.92, QFont.Weight.DemiBold),
    "small": (0.92, QFont.Weight.Normal),
    "small_medium": (0.92, QFont.Weight.Medium),
    "caption": (0.85, QFont.Weight.Normal),
    "caption_medium": (0.85, QFont.Weight.Medium),
    "caption_strong": (0.85, QFont.Weight.DemiBold),
    "mono": (0.92, QFont.Weight.Normal),
    "mono_small": (0.85, QFont.Weight.Normal),
}


class _Notifier(QObject):
    changed = Signal()                         # theme or font changed: repaint, drop caches


notifier = _Notifier()
_mode = "system"
_name = "light"
_base_px = BASE_PX
_text_step = 0
_family = ""
_applied: tuple[str, int, str] | None = None       # what the application wears
_tokens: dict[str, dict[str, Any]] = {}
_icons: dict[str, Any] = {}


def _load() -> None:
    if not _tokens:
        _tokens.update(json.loads(resources.path("palettes", "tokens.json").read_text("utf-8")))
        _icons.update(json.loads(resources.path("icons", "icons.json").read_text("utf-8")))


@functools.cache
def _color(name: str, token: str) -> QColor:
    _load()
    return QColor(_tokens[name][token])


def color(token: str) -> QColor:
    """The colour of a token ("surface", "text2", "gain_soft", …) in the theme that is shown."""
    return QColor(_color(_name, token))


@functools.cache
def _scale(name: str, token: str) -> tuple[QColor, ...]:
    _load()
    return tuple(QColor(value) for value in _tokens[name][token])


def _between(stops: tuple[QColor, ...], x: float) -> QColor:
    """The colour at ``x`` in 0..1 along evenly spaced stops."""
    place = min(max(x, 0.0), 1.0) * (len(stops) - 1)
    low = min(int(place), len(stops) - 2)
    part = place - low
    a, b = stops[low], stops[low + 1]
    return QColor(*(round(p + (q - p) * part) for p, q in
                    ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))))


def diverging(x: float) -> QColor:
    """-1 (loss) … 0 (neutral) … 1 (gain); values outside are clipped, NaN is neutral."""
    return _between(_scale(_name, "div"), (1.0 - (0.0 if x != x else x)) / 2)


def sequential(x: float) -> QColor:
    """0 (low) … 1 (high); values outside are clipped, NaN is low."""
    return _between(_scale(_name, "seq"), 0.0 if x != x else x)


def series(index: int) -> QColor:
    """The colour of a chart's series; there are six, more than that repeat."""
    stops = _scale(_name, "chart")
    return QColor(stops[index % len(stops)])


def luminance(of: QColor) -> float:
    """WCAG 2.1 relative luminance, 0..1."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
             for c in (of.redF(), of.greenF(), of.blueF())]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: QColor, b: QColor) -> float:
    """WCAG 2.1 contrast ratio, 1..21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def text_on(background: QColor) -> QColor:
    """Near-black or white, whichever has the higher contrast on ``background``."""
    dark, light = QColor("#1C1C24"), QColor("#FFFFFF")
    return dark if contrast(dark, background) >= contrast(light, background) else light


def px(role: str = "body") -> int:
    """A role's size in logical pixels."""
    return max(round((_base_px + _text_step) * _ROLES[role][0]), 9)


def scale() -> float:
    """How much larger than the design's the text is: what a width that follows the text is multiplied with."""
    return px() / BASE_PX


@functools.cache
def _font(role: str, base: int, family: str) -> QFont:
    font = QFont(family) if not role.startswith("mono") else QFont(mono_family())
    font.setPixelSize(px(role))
    font.setWeight(_ROLES[role][1])
    if role.startswith("mono"):
        font.setStyleHint(QFont.StyleHint.Monospace)
    else:
        font.setFeature(QFont.Tag("tnum"), 1)          # figures of one width, so that columns of numbers align
    return font


def font(role: str) -> QFont:
    """The font of a type role: "display", "heading", "title", "body", "strong", "section", "small", "mono", …"""
    return QFont(_font(role, _base_px + _text_step, _family))


@functools.cache
def mono_family() -> str:
    if QFontDatabase.hasFamily("JetBrains Mono"):
        return "JetBrains Mono"
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()


@functools.cache
def _pixmap(theme: str, name: str, token: str, size: int, dpr: float) -> QPixmap:
    _load()
    side = max(1, round(size * dpr))
    pixels = QPixmap(side, side)
    pixels.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixels)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(svg(name, _color(theme, token)).encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    pixels.setDevicePixelRatio(dpr)
    return pixels


def svg(name: str, stroke: QColor) -> str:
    """The SVG source of an icon in one colour."""
    _load()
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{_icons["viewBox"]}" fill="none" '
            f'stroke="{stroke.name()}" stroke-width="{_icons["stroke_width"]}" stroke-linecap="round" '
            f'stroke-linejoin="round">{_icons["icons"][name]}</svg>')


def pixmap(name: str, token: str = "text2", size: int = 18, dpr: float = 1.0) -> QPixmap:
    """An icon as a pixmap of ``size`` logical pixels, drawn for ``dpr`` device pixels each; cached."""
    return _pixmap(_name, name, token, size, round(dpr, 3))


def icon(name: str, token: str = "text2", size: int = 18) -> QIcon:
    """An icon that is sharp at every usual scale, with a disabled form. Icons do not follow the theme by themselves."""
    return _icon(_name, name, token, size)


@functools.cache
def _icon(theme: str, name: str, token: str, size: int) -> QIcon:
    made = QIcon()
    for dpr in (1.0, 1.25, 1.5, 2.0, 3.0):
        made.addPixmap(_pixmap(theme, name, token, size, dpr), QIcon.Mode.Normal)
        made.addPixmap(_pixmap(theme, name, "disabled", size, dpr), QIcon.Mode.Disabled)
    return made


def icon_names() -> list[str]:
    _load()
    return sorted(_icons["icons"])


def name() -> str:
    """The theme that is shown: "light" or "dark"."""
    return _name


def mode() -> str:
    """What the person chose: "system", "light" or "dark"."""
    return _mode


def set_mode(wanted: str) -> None:
    """Follow the system, or stay light or dark."""
    global _mode
    if wanted not in MODES:
        raise ValueError(f"no such theme mode: {wanted}")
    _mode = wanted
    hints = QGuiApplication.styleHints()
    schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark, "system": Qt.ColorScheme.Unknown}
    hints.setColorScheme(schemes[wanted])       # for the parts that the platform draws: title bar, file dialogs
    _refresh()


def apply(app: QApplication) -> None:
    """Give the application its style, fonts, palette and style sheet, and follow the system from now on."""
    global _base_px, _family
    app.setStyle("Fusion")
    if not app.property("themed"):
        app.setProperty("themed", True)
        system = QFontInfo(app.font())
        _family = "Inter" if QFontDatabase.hasFamily("Inter") else system.family()
        _base_px = max(BASE_PX, system.pixelSize())
        app.styleHints().colorSchemeChanged.connect(_follow_system)
    _refresh()


def _follow_system(scheme: Qt.ColorScheme) -> None:
    if _mode == "system":
        _refresh()


def set_text_step(step: int) -> None:
    """Text so many pixels larger (or smaller) than the system's, within TEXT_STEPS; every other size follows."""
    global _text_step
    _text_step = min(max(step, TEXT_STEPS[0]), TEXT_STEPS[-1])
    _refresh()


def text_step() -> int:
    return _text_step


def set_family(family: str) -> None:
    """Another font family for everything but code."""
    global _family
    _family = family
    _refresh()


def _refresh() -> None:
    global _name, _applied
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return
    dark = _mode == "dark" or (
        _mode == "system" and app.styleHints().colorScheme() == Qt.ColorScheme.Dark)
    _name = "dark" if dark else "light"
    _load()
    look = (_name, _base_px + _text_step, _family)
    if look == _applied:                            # laying a style sheet on takes a twentieth of a second
        return
    _applied = look
    app.setFont(font("body"))
    app.setPalette(theme_sheet.palette(_tokens[_name]))
    app.setStyleSheet(theme_sheet.sheet(_name, _tokens[_name], px, theme_sheet.arrow_files(_name, svg, color)))
    notifier.changed.emit()
