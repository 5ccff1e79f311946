"""How the window looks: its theme and the size of its text, as the person chose them."""

from __future__ import annotations

from workbench.gui.shell import settings
from workbench.gui.widgets import theme


def restore() -> None:
    theme.set_mode(settings.THEME.get())
    theme.set_text_step(settings.TEXT_STEP.get())


def set_theme(mode: str) -> None:
    theme.set_mode(mode)
    settings.THEME.set(mode)


def toggle_theme() -> None:
    set_theme("light" if theme.name() == "dark" else "dark")


def set_text_step(step: int) -> None:
    theme.set_text_step(step)
    settings.TEXT_STEP.set(theme.text_step())
