"""Texts side by side, each below its name: two prompts, or two demonstrations."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.widgets.labels import ElidedLabel, vertical_hairline
from workbench.gui.widgets.safe_text import SafeText


class TextPair(QWidget):
    """One text or two. The names of the columns are the texts' accessible names."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._line = vertical_hairline()
        self._columns: list[QWidget] = []
        self._names: list[ElidedLabel] = []
        self.texts: list[SafeText] = []
        self._shown: list[tuple[str, str]] = []
        for place in range(2):
            row.addWidget(self._line) if place else None
            row.addWidget(self._column(), 1)

    def _column(self) -> QWidget:
        name, text, made = ElidedLabel("", "section"), SafeText(mono=True), QWidget()
        name.setContentsMargins(14, 0, 8, 0)
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        column.addWidget(name)
        column.addWidget(text, 1)
        self._columns.append(made)
        self._names.append(name)
        self.texts.append(text)
        return made

    def show_texts(self, texts: Sequence[tuple[str, str]]) -> None:
        """At most two (name, text). The same again leaves them where they are scrolled to."""
        if list(texts) == self._shown:
            return
        self._shown = list(texts)
        for place, (column, name, text) in enumerate(zip(self._columns, self._names, self.texts, strict=True)):
            called, content = texts[place] if place < len(texts) else ("", "")
            column.setVisible(place < len(texts))
            name.setText(called)
            text.view.setAccessibleName(f"{called}, exact text")
            text.set_text(content)
        self._line.setVisible(len(texts) > 1)
