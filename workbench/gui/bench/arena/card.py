"""One answer in the blind arena: a letter, the text to read, and whether it is chosen. It knows no name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.bench.answers.text import AnswerText
from workbench.gui.widgets import theme
from workbench.gui.widgets.chips import chip_width, paint_chip
from workbench.gui.widgets.labels import label, set_property

MOST = 60_000                        # characters of an answer that are shown here


class _Letter(QWidget):
    def __init__(self, letter: str) -> None:
        super().__init__()
        self._letter, self.chosen = letter, False
        self.setFixedSize(26, 26)
        theme.notifier.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent" if self.chosen else "idle_soft"))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        painter.setPen(theme.color("on_accent" if self.chosen else "text2"))
        painter.setFont(theme.font("strong"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._letter)


class _Chosen(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Chosen")
        theme.notifier.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(chip_width("Chosen", icon=True), 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_chip(QPainter(self), QRectF(self.rect()), "Chosen", "accent_text", "accent_soft", icon="check")


class ArenaCard(QFrame):
    """``pressed``: a click chooses it."""

    pressed = Signal()

    def __init__(self, letter: str, title: str) -> None:
        super().__init__()
        self.setProperty("card", "1")
        self.setAccessibleName(title)
        self._letter = _Letter(letter)
        self._chosen = _Chosen()
        self.text = AnswerText(title, role="reading", grows=False)
        self.text.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._letter)
        self._title = label(title, "strong")
        head.addWidget(self._title, 1)
        head.addWidget(self._chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 12, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.text, 1)
        self._chosen.setVisible(False)
        keep = self._chosen.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self._chosen.setSizePolicy(keep)

    def show_turns(self, turns: Sequence[str]) -> None:
        """The answers to all turns so far; the last one is what is judged."""
        if len(turns) == 1:
            shown = turns[0]
        else:
            shown = "\n\n".join(f"Turn {number}\n{text}" for number, text in enumerate(turns, start=1))
        cut = shown if len(shown) <= MOST else shown[:MOST] + "\n\n… The rest is not shown here."
        self.text.show_text(cut or "(The answer is empty.)")

    def set_alone(self, on: bool) -> None:
        """Whether it is the only answer: it needs no letter then."""
        self._letter.setVisible(not on)
        self._title.setText("Answer" if on else self.accessibleName())

    def set_chosen(self, on: bool) -> None:
        self._letter.chosen = on
        self._letter.update()
        self._chosen.setVisible(on)
        set_property(self, "card", "selected" if on else "1")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()

    def scroll_pages(self, pages: float) -> None:
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.value() + round(pages * bar.pageStep()))
