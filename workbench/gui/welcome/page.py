"""The first page: open something, drop something, and what this computer has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QListView, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.shell import settings
from workbench.gui.shell.choosing import choose_files
from workbench.gui.shell.page import Page
from workbench.gui.shell.session import Session
from workbench.gui.welcome.drop_area import DropArea
from workbench.gui.welcome.recent_projects import RecentDelegate, RecentModel
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import link, primary, secondary
from workbench.gui.widgets.flow_layout import FlowLayout, remove_widgets
from workbench.gui.widgets.labels import IconLabel, IconTile, hairline, label
from workbench.wording import gigabytes

if TYPE_CHECKING:
    from workbench.services.models import Machine

STEPS = (
    ("demos", "Curate", "Read, rate, and accept or reject demonstrations with the keyboard."),
    ("prompt", "Compose", "Put the accepted ones in order and stay within the token budget."),
    ("rank", "Rank", "Let a local model score what each candidate brings."),
    ("check", "Check", "Compare the chosen set with random ones on questions that the search never saw."),
)
KINDS = "JSON Lines, CSV, Parquet, URIAL prompts or a project folder"
DISK_WANTED = 40e9                               # room for a few models and their results
COLUMN, CARD, TOP = 680, 344, 56


class WelcomePage(Page):
    name, title = "welcome", "Welcome"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        inside = QWidget()
        inside.setProperty("scrolled", "1")
        outer = QHBoxLayout(inside)
        outer.setContentsMargins(20, TOP, 20, 32)
        outer.addStretch(1)
        self._both = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._both.setSpacing(56)
        outer.addLayout(self._both, 100)
        outer.addStretch(1)
        self._left = self._left_column()
        self._card = self._right_card()
        self._both.addWidget(self._left, 1, Qt.AlignmentFlag.AlignTop)
        self._both.addWidget(self._card, 0, Qt.AlignmentFlag.AlignTop)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        self.body.addWidget(area)
        theme.notifier.changed.connect(self._fit_list)

    def _left_column(self) -> QWidget:
        made = QWidget()
        made.setMaximumWidth(COLUMN)
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(label("Choose the examples a model learns from", "display", wrap=True))
        column.addSpacing(6)
        column.addWidget(label(
            "Collect demonstrations, order them into a prompt, and measure what each one brings on your own machine. "
            "Nothing leaves this computer. Every step can be undone.", "muted", wrap=True))
        column.addSpacing(18)
        column.addLayout(self._buttons())
        column.addSpacing(20)
        self._drop = DropArea("Drop a file or a folder here", KINDS)
        self._drop.dropped.connect(self._open_paths)
        self._drop.clicked.connect(self._choose_file)
        column.addWidget(self._drop)
        column.addSpacing(24)
        column.addWidget(self._recent())
        return made

    def _buttons(self) -> FlowLayout:
        row = FlowLayout(spacing=8)
        self._actions: list[QWidget] = []
        run = self.session.commands.run
        for button, id in ((primary("New project", "plus"), "project.new"),
                           (secondary("Open project…", "folder"), "project.open"),
                           (secondary("Open the sample project", "spark"), "project.sample")):
            button.clicked.connect(lambda checked=False, id=id: run(id))
            self._actions.append(button)
            row.addWidget(button)
        return row

    def _recent(self) -> QWidget:
        self._recent_part = QWidget()
        column = QVBoxLayout(self._recent_part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.addWidget(label("Recent projects", "section"))
        head.addStretch(1)
        clear = link("Clear list")
        clear.setProperty("flush", "1")
        clear.setToolTip("Forget the list; the projects stay where they are")
        clear.clicked.connect(self._clear)
        head.addWidget(clear)
        column.addLayout(head)
        column.addSpacing(4)
        column.addWidget(hairline())
        self._model = RecentModel(self)
        self._list = QListView()
        self._list.setAccessibleName("Recent projects")
        self._list.setModel(self._model)
        self._list.setItemDelegate(RecentDelegate(self._list))
        self._list.setMouseTracking(True)
        self._list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.clicked.connect(self._open_recent)
        self._list.activated.connect(self._open_recent)
        column.addWidget(self._list)
        return self._recent_part

    def _right_card(self) -> QFrame:
        card = QFrame()
        card.setAccessibleName("This computer")
        card.setProperty("card", "canvas")
        self._card_column = QVBoxLayout(card)
        self._card_column.setContentsMargins(20, 18, 20, 18)
        self._card_column.setSpacing(10)
        self._card_column.addWidget(label("How it works", "title"))
        for icon, title, text in STEPS:
            self._card_column.addLayout(_step(icon, title, text))
        self._card_column.addSpacing(4)
        self._card_column.addWidget(hairline())
        self._card_column.addSpacing(2)
        self._card_column.addWidget(label("This computer", "section"))
        self._facts = QVBoxLayout()
        self._facts.setSpacing(8)
        self._card_column.addLayout(self._facts)
        return card

    # -- what is shown

    def shown(self, **arguments: Any) -> None:
        projects = settings.recent_projects()
        self._model.show_projects(projects)
        self._recent_part.setVisible(bool(projects))
        self._fit_list()
        if not self.holds_focus():
            self._focus_first(bool(projects))
        self.session.background(_read_machine, self._show_machine, owner=self)

    def _focus_first(self, known: bool) -> None:
        """Enter opens the latest project, or begins the first."""
        first = self._list if known else self._actions[0]
        if known:
            self._list.setCurrentIndex(self._model.index(0))
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fit_list(self) -> None:
        self._list.setFixedHeight(sum(self._list.sizeHintForRow(row) for row in range(self._model.rowCount())) or 1)

    def _show_machine(self, found: Machine) -> None:
        remove_widgets(self._facts)
        if found.gpus:
            name, total, free = found.gpus[0]
            more = f" and {len(found.gpus) - 1} more" if len(found.gpus) > 1 else ""
            self._fact(True, f"{name}{more}, {gigabytes(total)}, {gigabytes(free)} free")
        else:
            self._fact(True, "No graphics card needed; models run on the processor")
        self._fact(found.memory_free > 2e9,
                   f"Memory: {gigabytes(found.memory_total)}, {gigabytes(found.memory_free)} free")
        enough = found.disk_free >= DISK_WANTED
        self._fact(enough, f"Disk: {gigabytes(found.disk_free)} free" + (
            "" if enough else f", {DISK_WANTED / 1e9:.0f} GB recommended"))

    def _fact(self, good: bool, text: str) -> None:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel("check" if good else "alert", "ok" if good else "warn", 16), 0,
                      Qt.AlignmentFlag.AlignTop)
        row.addWidget(label(text, "small", wrap=True), 1)
        self._facts.addWidget(line)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = event.size().width() >= 920
        self._both.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        gap = 56 if event.size().width() >= 1150 else 40
        self._both.setSpacing(gap if beside else 24)
        self._card.setFixedWidth(CARD if beside else min(COLUMN, event.size().width() - 40))

    def panes(self) -> list[QWidget]:
        return [self._actions[0], self._drop, self._list]

    def sizeHint(self) -> QSize:
        return QSize(1100, 760)

    # -- what is done

    def _open_recent(self, index: QModelIndex) -> None:
        project = index.data(Qt.ItemDataRole.UserRole)
        self._open_paths([project.folder])

    def _clear(self) -> None:
        settings.RECENT.set(())
        self.shown()

    def _choose_file(self) -> None:
        paths = choose_files(self, "Import demonstrations", settings.IMPORT_FOLDER)
        if paths:
            self._open_paths(paths)

    def _open_paths(self, paths: list[Path]) -> None:
        self.session.paths_offered.emit(paths)


def _read_machine() -> Machine:
    from workbench.services.models import read_machine  # brings SQL with it: not before the first paint

    return read_machine(Path.home())


def _step(icon: str, title: str, text: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(12)
    row.addWidget(IconTile(icon, 32), 0, Qt.AlignmentFlag.AlignVCenter)
    words = QVBoxLayout()
    words.setSpacing(0)
    words.addWidget(label(title, "strong"))
    words.addWidget(label(text, "small", wrap=True))
    row.addLayout(words, 1)
    return row
