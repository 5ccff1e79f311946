"""What a person, or a screen reader, finds on a page: widgets by their accessible name, and the words that are seen."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

W = TypeVar("W", bound=QWidget)


def named(root: QWidget, name: str, kind: type[W] = QWidget) -> W:        # type: ignore[assignment]
    """The one widget below ``root`` with this accessible name, a visible one if there are several."""
    there = [widget for widget in root.findChildren(kind) if widget.accessibleName() == name]
    assert there, f"nothing is called {name}: {sorted({w.accessibleName() for w in root.findChildren(kind)})}"
    return next((widget for widget in there if widget.isVisible()), there[0])


def button(root: QWidget, words: str) -> QAbstractButton:
    """The button that bears these words, or is called so where it has only an icon; a visible one if there are more."""
    there = [found for found in root.findChildren(QAbstractButton) if words in (found.text(), found.accessibleName())]
    assert there, f"no button says {words}: {sorted({other.text() for other in root.findChildren(QAbstractButton)})}"
    return next((found for found in there if found.isVisible()), there[0])


def seen(root: QWidget, name: str) -> bool:
    """Whether something with this accessible name is visible."""
    return any(widget.accessibleName() == name and widget.isVisible() for widget in root.findChildren(QWidget))


def said(root: QWidget) -> str:
    """The words of all visible labels, a line each."""
    return "\n".join(label.text() for label in root.findChildren(QLabel) if label.isVisible())
