"""The pane beside the table: one demonstration to read, change and decide on, or a new one to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEventLoop, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from workbench.domain import Changes, Demonstration, Role, Status, Turn
from workbench.errors import WorkbenchError
from workbench.gui.demonstrations.history_list import HistoryList
from workbench.gui.demonstrations.properties import DemonstrationProperties
from workbench.gui.demonstrations.turns_editor import TurnsEditor
from workbench.gui.shell.session import Session
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import danger, icon_button, primary, secondary
from workbench.gui.widgets.glyphs import paint_status
from workbench.gui.widgets.labels import ElidedLabel, hairline, label
from workbench.gui.widgets.notice import Notice
from workbench.services.demonstrations import Revision, Row
from workbench.services.project import Project
from workbench.services.tokenizers import Tokenizers, turn_tokens
from workbench.wording import time_ago

COUNTED = 200_000                                # characters up to which each turn's tokens are counted
ARRIVAL_MS = 3_000                               # how long typing waits for the text that it is meant for
BLANK = (Turn(Role.USER, ""), Turn(Role.ASSISTANT, ""))


@dataclass(frozen=True, slots=True)
class Detail:
    """All that the pane shows of one demonstration, read in one go. ``tokens`` of each turn, None if not counted."""

    demonstration: Demonstration
    row: Row
    history: list[Revision]
    tokens: list[int] | None


def read_detail(project: Project, id: int, tokenizers: Tokenizers) -> Detail | None:
    """None when it is gone."""
    found, rows = project.demonstrations.get([id]), project.demonstrations.rows([id])
    if not found or not rows:
        return None
    model = tokenizers.current(project)
    short = sum(len(turn.text) for turn in found[0].turns) < COUNTED
    tokens = turn_tokens(model[1], found[0]) if model is not None and short else None
    return Detail(found[0], rows[0], project.demonstrations.history(id), tokens)


class DemonstrationEditor(QWidget):
    """``status_pressed`` and ``step_pressed`` are the page's to act on: it knows which row comes next."""

    status_pressed = Signal(object, bool)            # Status, and whether to go on to the next
    step_pressed = Signal(int)
    created = Signal(int)
    closed = Signal()                                # Esc, or a new demonstration given up
    _arrived = Signal()

    def __init__(self, session: Session, tokenizers: Tokenizers, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._tokenizers = session, tokenizers
        self._wanted: int | None = None              # what is to be shown
        self._shown: int | None = None               # whose text is in the fields: edits belong to it
        self._new = False
        self._glyph = StatusGlyph()
        self._status = label("", "strong")
        self._about = ElidedLabel("", "faint")
        self._problem = Notice("", "bad")
        self.turns = TurnsEditor()
        self.properties = DemonstrationProperties()
        self._history = HistoryList()
        self._history_title = label("History", "section")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(hairline())
        column.addWidget(self._body(), 1)
        column.addWidget(hairline())
        column.addWidget(self._foot())
        self.setFocusProxy(self._up)             # letters still decide there, as they would not in the text
        self._connect()
        self.turns.order_tabs(self._down)

    # Parts

    def _head(self) -> QWidget:
        head = QWidget()
        head.setFixedHeight(44)
        row = QHBoxLayout(head)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(6)
        self._up = icon_button("up", "Previous demonstration", "Previous demonstration, K")
        self._down = icon_button("down", "Next demonstration", "Next demonstration, J")
        self.close_button = icon_button("x", "Close the editor", "Close the editor, Esc")    # where it lies over others
        self.close_button.hide()
        self._up.clicked.connect(lambda: self.step_pressed.emit(-1))
        self._down.clicked.connect(lambda: self.step_pressed.emit(1))
        row.addWidget(self._glyph)
        row.addWidget(self._status)
        row.addWidget(self._about, 1)
        row.addWidget(self._up)
        row.addWidget(self._down)
        row.addWidget(self.close_button)
        return head

    def _body(self) -> QWidget:
        inside = QWidget()
        inside.setProperty("scrolled", "1")
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(12)
        for widget in (self._problem, self.turns, self.properties, self._history_title, self._history):
            column.addWidget(widget)
        column.addStretch(1)
        self._problem.hide()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(inside)
        return self._scroll

    def _foot(self) -> QWidget:
        self.foot = foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(8)
        self._reject, self._flag = danger("Reject", "x"), secondary("Flag")
        self._accept = primary("Accept and next", "check")
        self._reject.setToolTip("Reject, R")
        self._flag.setToolTip("Flag for a second look, F")
        self._accept.setToolTip("Accept and go on to the next, Shift+A")
        row.addWidget(self._reject)
        row.addWidget(self._flag)
        row.addStretch(1)
        row.addWidget(self._accept)
        return foot

    def _connect(self) -> None:
        self._reject.clicked.connect(self._reject_pressed)
        self._flag.clicked.connect(lambda: self.status_pressed.emit(Status.FLAGGED, False))
        self._accept.clicked.connect(self._accept_pressed)
        self._session.closing.connect(self._closing)
        self.turns.finished.connect(self._turns_left)
        self.turns.edited.connect(self._problem.hide)
        self.turns.edited.connect(self._say_unsaved)
        properties = self.properties
        properties.rated.connect(lambda rating: self._change(lambda p, id: p.demonstrations.set_rating([id], rating)))
        properties.noted.connect(lambda note: self._change(lambda p, id: p.demonstrations.set_note(id, note)))
        properties.categorised.connect(
            lambda category: self._change(lambda p, id: p.demonstrations.set_category([id], category)))
        properties.tags.added.connect(lambda tag: self._change(lambda p, id: p.demonstrations.add_tag([id], tag)))
        properties.tags.removed.connect(lambda tag: self._change(lambda p, id: p.demonstrations.remove_tag([id], tag)))

    # What is shown

    def current(self) -> int | None:
        """The demonstration that is shown; None while a new one is written, or when there is none."""
        return None if self._new else self._wanted

    def writing_new(self) -> bool:
        return self._new

    def open(self, id: int) -> None:
        """Show a stored demonstration; what was typed into the one before is saved first."""
        if id != self._wanted or self._new:
            self.save()
            self._new, self._wanted = False, id
            self._problem.hide()
            self._scroll.verticalScrollBar().setValue(0)
        self.reload()

    def reload(self) -> None:
        """Read it again; what is being typed stays."""
        id = self._wanted
        if id is not None and not self._new:
            self._session.ask(lambda p: read_detail(p, id, self._tokenizers), self._show, owner=self)

    def await_text(self) -> None:
        """Return once the fields hold what is to be shown: keys that are pressed meanwhile are kept for them."""
        if self._new or self._wanted == self._shown:
            return
        loop = QEventLoop()
        self._arrived.connect(loop.quit)
        QTimer.singleShot(ARRIVAL_MS, loop, loop.quit)
        loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)

    def write_new(self, turns: Sequence[Turn] = BLANK) -> None:
        """A demonstration to be written, empty or from the turns of another."""
        self.save()
        self._new, self._wanted, self._shown = True, None, None
        self._detail_shown(False)
        self._glyph.set_status(Status.CANDIDATE)
        self._status.setText("New demonstration")
        self._about.setText("")
        self.turns.show_turns(turns)
        self.turns.show_tokens(None, None)
        self.turns.start()

    def start_tag(self) -> None:
        self.properties.tags.start()
        self._reveal(self.properties.tags)

    def start_note(self) -> None:
        self.properties.start_note()
        self._reveal(self.properties)

    def _reveal(self, widget: QWidget) -> None:
        """Scroll to a widget once it is laid out: below a long text one would write unseen."""
        QTimer.singleShot(0, widget, lambda: self._scroll.ensureWidgetVisible(widget, 0, 12))

    def _show(self, detail: Detail | None) -> None:
        if detail is None or self._new or detail.demonstration.id != self._wanted:
            return
        found, read_only = detail.demonstration, self._session.read_only
        same, self._shown = self._shown == found.id, found.id
        self._detail_shown(True)
        self._glyph.set_status(found.status)
        self._status.setText(found.status.value.capitalize())
        changed = f", changed {time_ago(detail.history[0].when)}" if detail.history else ""
        self._about.setText(f"No. {found.id}{changed}")
        if same and self.turns.dirty():
            self.turns.set_stored(found.turns)
        else:
            self.turns.show_turns(found.turns, read_only=read_only)
        self.turns.show_tokens(None if self.turns.dirty() else detail.tokens, detail.row.tokens)
        self.properties.show_properties(found, detail.row.gain, keep_typed=same, read_only=read_only)
        self._history.show_history(detail.history)
        for button in (self._reject, self._flag, self._accept):
            button.setEnabled(not read_only)
        self._arrived.emit()

    def _detail_shown(self, stored: bool) -> None:
        for widget in (self.properties, self._history_title, self._history, self._flag, self._up, self._down):
            widget.setVisible(stored)
        self._reject.setText("Reject" if stored else "Cancel")
        self._accept.setText("Accept and next" if stored else "Add demonstration")

    def _say_unsaved(self) -> None:
        if self.turns.dirty() and not self._new:
            self._about.setText(f"No. {self._shown}, not saved yet")

    # Changing it

    def save(self) -> None:
        """Save what was typed into a stored demonstration; nothing happens when nothing was changed."""
        if self._shown is None or self._new or self._session.read_only:
            return
        self.properties.save_note()
        if not self.turns.dirty():
            return
        id, turns = self._shown, self.turns.written()
        if not turns:
            self._say("A demonstration needs at least one turn with text. Delete removes the whole of it.")
            return
        self._session.change(lambda p: p.demonstrations.set_turns(id, turns), lambda changes: self._saved(id, turns),
                             lambda error: self._not_saved(id, error), owner=self)

    def _closing(self) -> None:
        """Nothing that was typed is lost: also a demonstration that was not finished becomes a candidate."""
        self.save()
        turns = self.turns.written()
        if self._new and any(turn.role is Role.USER for turn in turns):
            self._session.change(lambda p: p.demonstrations.add([Demonstration(turns)]))

    def _saved(self, id: int, turns: tuple[Turn, ...]) -> None:
        if id == self._shown and self.turns.written() == turns:
            self.turns.show_turns(turns)

    def _not_saved(self, id: int, error: Exception) -> None:
        words = error.what if isinstance(error, WorkbenchError) else str(error)
        if id == self._wanted:
            self._say(words)
        else:
            self._session.notice.emit(f"No. {id} was not saved. {words}", "error")

    def _say(self, problem: str) -> None:
        self._problem.set_text(problem)
        self._problem.show()

    def _turns_left(self) -> None:
        if not self._new:
            self.save()

    def _change(self, work: Callable[[Project, int], Changes]) -> None:
        id = self._shown
        if id is not None and not self._new:
            self._session.change(lambda p: work(p, id))

    def finish(self) -> None:
        """Ctrl+Enter: save and go on to the next, or add the new one."""
        if self._new:
            self._add_new()
        else:
            self.save()
            self.step_pressed.emit(1)

    def _accept_pressed(self) -> None:
        if self._new:
            self._add_new()
        else:
            self.save()
            self.status_pressed.emit(Status.ACCEPTED, True)

    def _reject_pressed(self) -> None:
        if self._new:
            self.give_up_new()
        else:
            self.status_pressed.emit(Status.REJECTED, False)

    def give_up_new(self) -> None:
        """Leave the new demonstration unwritten."""
        if self._new:
            self._new = False
            self.closed.emit()

    def give_up_blank(self) -> bool:
        """Leave a new demonstration if nothing was written into it; returns whether none is being written now."""
        if self._new and not (self.turns.dirty() and self.turns.written()):
            self.give_up_new()
        return not self._new

    def _add_new(self) -> None:
        turns = self.turns.written()
        if not any(turn.role is Role.USER for turn in turns):
            self._say("Write what the person asks first.")
            return
        self._session.change(lambda p: p.demonstrations.add([Demonstration(turns)]), self._added, owner=self)

    def _added(self, changes: Changes) -> None:
        if not changes.created:
            self._say("A demonstration with exactly these turns is already here.")
            return
        self._new, self._wanted = False, None
        self.created.emit(changes.created[0])


class StatusGlyph(QWidget):
    """A status as its glyph; the word stands beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._status = Status.CANDIDATE
        self.setFixedSize(16, 16)
        theme.notifier.changed.connect(self.update)

    def set_status(self, status: Status) -> None:
        self._status = status
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(16, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_status(QPainter(self), QRectF(self.rect()), self._status)
