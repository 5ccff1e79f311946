"""The blind arena on the Bench page: rounds of pairs, or answers one by one; names show when a round is finished."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Changes
from workbench.domain.bench import Verdict
from workbench.gui.bench.arena import votes
from workbench.gui.bench.arena.arena import Arena
from workbench.gui.shell.session import Session, person
from workbench.gui.widgets.buttons import primary
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import ElidedLabel, IconLabel, hairline, label
from workbench.gui.widgets.segmented import Segmented
from workbench.services.bench_reading import BenchReading, names
from workbench.services.project import Project
from workbench.wording import counted, percent

NOTHING, FINISHED, VOTING = range(3)
PAIRS, RATINGS = range(2)
HIDDEN = ("Names stay hidden until the round is finished. Sides are shuffled.", "Names stay hidden.")


class ArenaPane(QWidget):
    """Asks for the next pair after each vote; votes go to the project at once."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._reading = BenchReading()
        self._turn: votes.Ballot | None = None
        self._cast = 0                           # votes of this sitting: what "Undo last vote" may take back
        self._asked = 0
        self._round_shown = 0                    # the round whose result has been looked at
        self.arena = Arena()
        self.person = QLineEdit(person())
        self.person.setAccessibleName("Who votes")
        self.person.setFixedWidth(140)
        self.mode = Segmented(("Pairs", "Ratings"), name="Vote on")
        self._title, self._count = label("", "strong"), label("", "small")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(200)
        self._bar.setAccessibleName("Progress of the round")
        self._hidden = ElidedLabel(HIDDEN[PAIRS], "small")
        go_on = primary("Start the next round")
        go_on.clicked.connect(self._go_on)
        self._nothing = EmptyState("bench", "Nothing to vote on yet",
                                   "Two contestants have to answer the same question first.")
        self._result = EmptyState("check", "Round finished", "", [go_on], tone="ok")
        self.stack = QStackedWidget()
        for page in (self._nothing, self._result, self.arena):
            self.stack.addWidget(page)
        self._build()
        self.arena.voted.connect(self._vote)
        self.arena.undo_wanted.connect(self.undo)
        self.person.editingFinished.connect(self._person_changed)
        self.person.returnPressed.connect(self.focus)        # back to voting
        self.mode.changed.connect(lambda _: self._next())

    def _build(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(32, 0, 32, 0)
        line.setSpacing(10)
        line.addWidget(self._title)
        line.addWidget(self._count)
        line.addWidget(self._bar)
        line.addStretch(1)
        line.addWidget(IconLabel("eye", "text3", 16))
        self._hidden.setMinimumWidth(120)
        line.addWidget(self._hidden, 4)
        line.addSpacing(4)
        line.addWidget(self.mode)
        line.addWidget(label("as", "small"))
        line.addWidget(self.person)
        head = QWidget()
        head.setFixedHeight(46)
        head.setLayout(line)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(hairline())
        column.addWidget(self.stack, 1)

    def show_reading(self, reading: BenchReading) -> None:
        """New votes of this person are counted from here; the shown pair stays if nothing was voted on it."""
        other = (reading.chosen.id if reading.chosen else None) != (
            self._reading.chosen.id if self._reading.chosen else None)
        before = self._counted()
        self._reading = reading
        if other:
            self._cast, self._turn = 0, None
        if self._turn is None or self._counted() != before or self._turn.left.id not in reading.answers:
            self._next()

    def _counted(self) -> int:
        name = self._name()
        return sum(one.by_person and one.judge == name for one in self._reading.judgements)

    def _name(self) -> str:
        return self.person.text().strip() or "someone"

    def _person_changed(self) -> None:
        self._cast = 0
        self._next()

    def _next(self) -> None:
        """Ask what comes next; the answer counts only if nothing else was asked meanwhile."""
        if self._reading.chosen is None:
            return
        alone, name, reading = self.mode.current() == RATINGS, self._name(), self._reading
        self._asked += 1
        number = self._asked

        def found(turn: votes.Ballot | None) -> None:
            if number == self._asked:
                self._show(turn)

        self._session.ask(lambda project: votes.next_turn(project, reading, name, alone=alone), found, owner=self)

    def _show(self, turn: votes.Ballot | None) -> None:
        alone = self.mode.current() == RATINGS
        self._turn = turn
        for bar in (self.arena.pair_bar, self.arena.rating_bar):
            bar.setEnabled(not self._session.read_only)
        self._say(turn)
        if turn is None:
            self._show_nothing(alone)
        elif not alone and turn.done == 0 and turn.round > 1 and self._round_shown < turn.round:
            self._show_result(turn.round - 1)
        else:
            self.stack.setCurrentIndex(VOTING)
            self.arena.show_question(turn.question, can_undo=self._cast > 0)

    def _say(self, turn: votes.Ballot | None) -> None:
        alone = self.mode.current() == RATINGS
        self._title.setText("" if turn is None else ("Ratings" if alone else f"Round {turn.round}"))
        unit = "answer" if alone else "pair"
        self._hidden.setText(HIDDEN[RATINGS if alone else PAIRS])
        self._count.setText("" if turn is None else f"{turn.done} of {counted(turn.total, unit)}")
        self._bar.setVisible(turn is not None)
        if turn is not None:
            self._bar.setRange(0, max(1, turn.total))
            self._bar.setValue(turn.done)

    def _show_nothing(self, alone: bool) -> None:
        if alone and self._reading.answers:
            self._nothing.set_text("All answers are rated", f"{self._name()} has rated every answer of this set.")
        else:
            self._nothing.set_text("Nothing to vote on yet", "Two contestants have to answer the same question first.")
        self.stack.setCurrentIndex(NOTHING)

    def _show_result(self, round: int) -> None:
        """What the votes of this person say so far, with names."""
        called = names(self._reading.contestants)
        lines = [f"{called.get(id, '')}: {percent(share)} of {counted(pairs, 'pair')}"
                 for id, share, pairs in votes.shares(self._reading, self._name())]
        self._result.set_text(f"Round {round} is finished", "Your votes so far, a tie being half.\n" + "\n".join(lines))
        self.stack.setCurrentIndex(FINISHED)

    def _go_on(self) -> None:
        if self._turn is not None:
            self._round_shown = self._turn.round
            self._show(self._turn)
            self.focus()

    def foot_height(self) -> int:
        """Of the bar with the verdicts; 0 while nothing is voted on."""
        return self.arena.pair_bar.height() if self.stack.currentIndex() == VOTING else 0

    # votes
    def _vote(self, choice: str, reasons: tuple[str, ...]) -> None:
        turn, name = self._turn, self._name()
        if turn is None or self._session.read_only:
            return
        if turn.right is None:
            self._rate(turn, choice, reasons)
            return
        left, right = turn.left.id, turn.right.id
        assert left is not None
        assert right is not None
        verdict: Verdict = {"left": "answer", "right": "other", "tie": "tie", "both_bad": "both_bad",
                            "skip": "skip"}[choice]       # type: ignore[assignment]
        self._change(lambda project: project.bench.vote(name, left, right, verdict, reasons))

    def _rate(self, turn: votes.Ballot, choice: str, reasons: tuple[str, ...]) -> None:
        id, name = turn.left.id, self._name()
        assert id is not None
        if choice == "skip":
            self._next()
            return
        self._change(lambda project: project.bench.rate(name, id, float(choice), note=", ".join(reasons)))

    def _change(self, work: Callable[[Project], Changes]) -> None:
        self._turn = None                        # until the vote is stored, a second press votes on nothing
        self._cast += 1
        self._session.change(work, failed=self._failed, owner=self, quiet=True)

    def _failed(self, error: Exception) -> None:
        self._cast -= 1
        self._session.error.emit(error)
        self._next()

    def undo(self) -> None:
        """Take the last vote back, if it was the last thing that was done."""
        if not self._cast:
            return
        starts = (f"Vote of {self._name()}:", f"Rating of {self._name()}:")

        def work(project: Project) -> Changes | None:
            last, _ = project.history.labels()
            return project.history.undo() if last.startswith(starts) else None

        def done(changes: Changes | None) -> None:
            if changes is None:
                self._cast = 0
                self.arena.set_can_undo(False)
                self._session.notice.emit("Something else was done since the last vote. Ctrl+Z takes that back first.",
                                          "info")
                return
            self._cast -= 1
            self._round_shown = max(0, self._round_shown - 1)
            self._session.changed.emit(changes)

        self._session.ask(work, done, owner=self)

    def change_mode(self) -> None:
        """From pairs to ratings, or back."""
        self.mode.set_current(PAIRS if self.mode.current() == RATINGS else RATINGS)
        self.focus()

    def focus(self) -> None:
        if self.stack.currentIndex() == VOTING:
            self.arena.setFocus(Qt.FocusReason.OtherFocusReason)
