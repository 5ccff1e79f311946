"""Answers side by side, with the words marked that the first answer and the others do not share."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.bench.answers.column import NARROWEST, AnswerColumn, ColumnShown
from workbench.gui.bench.answers.diff import Span, word_diff
from workbench.gui.widgets import theme
from workbench.gui.widgets.flow_layout import remove_widgets
from workbench.gui.widgets.labels import label, vertical_hairline


class AnswerColumns(QWidget):
    """Columns that share the width; more than fit scroll sideways. ``note`` says why no words are marked."""

    prompt_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.columns: list[AnswerColumn] = []
        self._marked, self._expanded, self._shifts = True, False, False
        self._inner = QWidget()
        self._inner.setProperty("scrolled", "1")
        self._row = QHBoxLayout(self._inner)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._inner)
        self._inner.setAutoFillBackground(False)
        self._area.viewport().setAutoFillBackground(False)
        self._note = label("", "faint")
        self._note.setContentsMargins(16, 0, 16, 6)
        self._note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._area, 1)
        column.addWidget(self._note)
        theme.notifier.changed.connect(self._mark)

    def show_columns(self, columns: Sequence[ColumnShown]) -> None:
        """Another question's answers, or more of them; the same again changes nothing, so that one can read on."""
        if [view.shown for view in self.columns] == list(columns):
            return
        remove_widgets(self._row)
        self.columns = []
        for number, shown in enumerate(columns):
            if number:
                self._row.addWidget(vertical_hairline())
            view = AnswerColumn()
            view.prompt_wanted.connect(self.prompt_wanted)
            view.expand_wanted.connect(self.set_expanded)
            view.show_column(shown, expanded=self._expanded)
            self.columns.append(view)
            self._row.addWidget(view, 1)
        self._inner.setMinimumWidth(len(columns) * (NARROWEST + 1))
        self._mark()

    @property
    def expanded(self) -> bool:
        return self._expanded

    def set_expanded(self, on: bool) -> None:
        """Show what judges said, in all columns."""
        self._expanded = on
        for view in self.columns:
            view.expand(on)

    @property
    def marked(self) -> bool:
        return self._marked

    def set_marked(self, on: bool) -> None:
        """Whether words are marked that the answers do not share."""
        self._marked = on
        self._mark()

    def set_shifts(self, on: bool) -> None:
        """Show, instead of differences, where an answer leaves what the base model would say."""
        self._shifts = on
        self._mark()

    def scroll_pages(self, pages: float) -> None:
        for view in self.columns:
            view.scroll_pages(pages)

    def _mark(self) -> None:
        if self._shifts:
            for view in self.columns:
                view.mark_shifts()
            self._note.setText("Amber: among the base model's first three choices; red: farther down.")
            self._note.setVisible(bool(self.columns))
            return
        notes: list[str] = []
        turns = max((len(view.turns) for view in self.columns), default=0)
        for turn in range(turns):
            notes += self._mark_turn(turn)
        self._note.setText(" ".join(dict.fromkeys(notes)) if len(self.columns) == 2 else "")
        self._note.setVisible(bool(self._note.text()) and self._marked)

    def _mark_turn(self, turn: int) -> list[str]:
        """Mark one turn in all columns; the first one shows what any of the others lacks if there are but two."""
        views = [view for view in self.columns if turn < len(view.turns) and view.turns[turn].text is not None]
        if not views:
            return []
        notes: list[str] = []
        first = views[0]
        of_first: Sequence[Span] = ()
        for view in views[1:]:
            found = word_diff(first.turns[turn].text or "", view.turns[turn].text or "")
            view.mark(turn, found.second if self._marked else (), "ok")
            of_first = found.first if len(views) == 2 else ()
            if found.note:
                notes.append(found.note)
        first.mark(turn, of_first if self._marked else (), "bad")
        return notes
