"""The question whose answers are shown: its category, its turns, its references, and the way to the next one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from workbench.domain import Question
from workbench.gui.bench.answers.text import LongAnswer
from workbench.gui.charts.chart import one_line
from workbench.gui.widgets.buttons import icon_button, link
from workbench.gui.widgets.chips import Tag
from workbench.gui.widgets.flow_layout import remove_widgets
from workbench.gui.widgets.labels import label


class QuestionPane(QWidget):
    """``stepped`` is -1 or 1. ``foot`` is a layout below the question for what the page adds."""

    stepped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setProperty("bg", "canvas")
        self._references = False
        self.texts: list[LongAnswer] = []
        self._question: Question | None = None
        self._title = label("", "section")
        self._chip_room = QHBoxLayout()
        self.before = icon_button("up", "Question before", "Question before, K")
        self.next = icon_button("down", "Next question", "Next question, J")
        self.before.clicked.connect(lambda: self.stepped.emit(-1))
        self.next.clicked.connect(lambda: self.stepped.emit(1))
        head = QHBoxLayout()
        head.setContentsMargins(20, 8, 12, 4)
        head.setSpacing(8)
        head.addWidget(self._title)
        head.addLayout(self._chip_room)
        head.addStretch(1)
        head.addWidget(self.before)
        head.addWidget(self.next)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.viewport().setAutoFillBackground(False)
        self.foot = QVBoxLayout()
        self.foot.setContentsMargins(20, 8, 16, 12)
        self.foot.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._area, 1)
        column.addLayout(self.foot)

    def show_question(self, question: Question | None, number: int = 0) -> None:
        if question is not None and question == self._question:
            return
        self._question = question
        self._title.setText(f"Question {question.key or number}" if question is not None else "")
        remove_widgets(self._chip_room)
        if question is not None and question.category:
            self._chip_room.addWidget(Tag(one_line(question.category)))
        self._fill()

    def _fill(self) -> None:
        inner = QWidget()
        inner.setProperty("scrolled", "1")
        room = QVBoxLayout(inner)
        room.setContentsMargins(20, 2, 16, 8)
        room.setSpacing(6)
        question, self.texts = self._question, []
        for number, turn in enumerate(question.turns if question is not None else (), start=1):
            if number > 1:
                room.addSpacing(4)
                room.addWidget(label(f"Turn {number}", "section"))
            text = LongAnswer(f"Question, turn {number}")
            text.show_text(turn)
            self.texts.append(text)
            room.addWidget(text)
        if question is not None and any(question.references):
            self._add_references(room, question)
        room.addStretch(1)
        self._area.setWidget(inner)
        inner.setAutoFillBackground(False)

    def _add_references(self, room: QVBoxLayout, question: Question) -> None:
        toggle = link("Hide the reference" if self._references else "Show the reference")
        toggle.setProperty("flush", "1")
        toggle.clicked.connect(self._toggle_references)
        room.addSpacing(2)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(toggle)
        row.addStretch(1)
        room.addLayout(row)
        if self._references:
            for number, reference in enumerate(question.references, start=1):
                if reference:
                    room.addWidget(label(f"Reference, turn {number}", "section"))
                    text = LongAnswer(f"Reference, turn {number}")
                    text.show_text(reference)
                    room.addWidget(text)

    def _toggle_references(self) -> None:
        self._references = not self._references
        self._fill()
