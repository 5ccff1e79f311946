"""The application's palette and its one style sheet, made from the tokens."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QColor, QPalette

import workbench_resources as resources

_PALETTE = {
    QPalette.ColorRole.Window: "canvas", QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "hover", QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.WindowText: "text", QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.Button: "raised", QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.HighlightedText: "on_accent", QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.PlaceholderText: "text3", QPalette.ColorRole.Link: "accent_text",
    QPalette.ColorRole.ToolTipBase: "text", QPalette.ColorRole.ToolTipText: "surface",
    QPalette.ColorRole.Light: "raised", QPalette.ColorRole.Mid: "border", QPalette.ColorRole.Dark: "control",
}


def palette(tokens: dict[str, Any]) -> QPalette:
    made = QPalette()
    for role, token in _PALETTE.items():
        made.setColor(role, QColor(tokens[token]))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens["disabled"]))
    return made


def arrow_files(
    name: str, svg: Callable[[str, QColor], str], color: Callable[[str], QColor]
) -> dict[str, str]:
    """A style sheet takes images from files only: write the few it needs to the cache folder, once a theme."""
    cache = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericCacheLocation)
    folder = Path(cache or tempfile.gettempdir()) / "demonstration-workbench" / "theme"
    wanted = {"tick": svg("check", color("text")), "down": svg("down", color("text2")), "up": svg("up", color("text2")),
              "check": svg("check", color("on_accent")).replace('stroke-width="1.5"', 'stroke-width="2.4"')}
    try:
        return _write(folder, name, wanted)
    except OSError:                              # a read-only home folder
        return _write(Path(tempfile.mkdtemp(prefix="workbench-theme-")), name, wanted)


def _write(folder: Path, name: str, sources: dict[str, str]) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, str] = {}
    for key, source in sources.items():
        file = folder / f"{key}-{name}.svg"
        if not file.exists() or file.read_text("utf-8") != source:
            file.write_text(source, "utf-8")
        files[key] = file.as_posix()
    return files


def sheet(name: str, tokens: dict[str, Any], px: Callable[[str], int], files: dict[str, str]) -> str:
    """The style sheet. ``px`` gives a type role's size; ``files`` the arrow and tick images."""
    values = {key: value for key, value in tokens.items() if isinstance(value, str)}
    light = name == "light"
    values |= {
        "button": tokens["surface" if light else "raised"], "fill": tokens["surface" if light else "sunken"],
        "chosen": tokens["surface" if light else "pressed"], "down_arrow": files["down"], "up_arrow": files["up"],
        "tick": files["check"], "menu_tick": files["tick"],
    }
    spin = max(28, round(px("body") * 1.31))     # as high as the other fields, which grow by themselves
    values |= {"spin": f"{spin}px", "spin_focused": f"{spin - 2}px"}
    values |= {f"px_{role}": f"{px(role)}px" for role in
               ("display", "heading", "title", "reading", "body", "small", "caption", "section")}
    return Template(resources.path("palettes", "sheet.qss").read_text("utf-8")).substitute(values)
