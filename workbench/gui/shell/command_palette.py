"""The command palette: type a few letters of what is wanted, and press Enter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from workbench.domain.filter import Filter, Sort
from workbench.domain.query import QueryError
from workbench.gui.shell.commands import match
from workbench.gui.shell.session import Session
from workbench.gui.widgets import theme
from workbench.gui.widgets.glyphs import paint_text
from workbench.gui.widgets.keycaps import KeyHints
from workbench.gui.widgets.labels import IconLabel, hairline, label
from workbench.gui.widgets.overlay import Overlay

if TYPE_CHECKING:
    from workbench.services.demonstrations import Row
    from workbench.services.project import Project

FOUND = 6                                        # demonstrations that are offered at most
FOUND_TITLE = "Demonstrations found"             # no page is called so: its commands have a group of their own
HEAD, LINE = 30, 38
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class PaletteLine:
    """A line of the list; without ``run`` it is a group's heading."""

    title: str
    icon: str = ""
    right: str = ""
    run: Callable[[], object] | None = None


class PaletteModel(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[PaletteLine] = []

    def show_entries(self, entries: list[PaletteLine]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{entry.title}, {entry.right}" if entry.right else entry.title
        return entry if role == Qt.ItemDataRole.UserRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.entries[index.row()].run is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class PaletteDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        entry: PaletteLine = index.data(Qt.ItemDataRole.UserRole)
        return QSize(100, max(HEAD if entry.run is None else LINE, theme.px() + 20))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: PaletteLine = index.data(Qt.ItemDataRole.UserRole)
        room = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if entry.run is None:
            paint_text(painter, room.adjusted(8, 4, -8, 0), entry.title, "text2", "section")
            painter.restore()
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("selected" if chosen else "hover"))
            painter.drawRoundedRect(room.adjusted(0, 1, 0, -1), 6, 6)
        dpr = painter.device().devicePixelRatioF()
        pixels = theme.pixmap(entry.icon, "accent_text" if chosen else "text2", 18, dpr)
        painter.drawPixmap(QPointF(room.x() + 12, room.center().y() - 9), pixels)
        right = QFontMetricsF(theme.font("small")).horizontalAdvance(entry.right) + 12
        paint_text(painter, room.adjusted(40, 0, -right - 8, 0), entry.title, "text", "strong" if chosen else "body")
        paint_text(painter, room.adjusted(40, 0, -12, 0), entry.right, "text2", "small",
                   Qt.AlignmentFlag.AlignRight)
        painter.restore()


class CommandPalette(Overlay):
    """``>`` at the start leaves the demonstrations out."""

    def __init__(self, session: Session, page: str, window: QWidget) -> None:
        super().__init__(window, 600)
        self._session, self._page = session, page
        self._found: list[Row] = []
        self._asked = ""
        self.field = QLineEdit()
        self.field.setProperty("k", "bare")
        self.field.setFont(theme.font("reading"))
        self.field.setPlaceholderText("Search or run a command")
        self.field.setAccessibleName("Search or run a command")
        self.field.setMaxLength(200)
        self.list = QListView()
        self.list.setAccessibleName("Results")
        self.list.setProperty("bg", "popup")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.model = PaletteModel(self)
        self.list.setModel(self.model)
        self.list.setItemDelegate(PaletteDelegate(self.list))
        self._build()
        self.field.textChanged.connect(self._typed)
        self.list.clicked.connect(lambda index: self.run_current())
        self.field.installEventFilter(self)
        self.setFocusProxy(self.field)
        self._typed("")

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(18, 12, 16, 12)
        row.setSpacing(12)
        row.addWidget(IconLabel("search", "text2", 18))
        row.addWidget(self.field, 1)
        row.addWidget(label("Esc closes", "caption"))
        self.column.addLayout(row)
        self.column.addWidget(hairline())
        around = QWidget()
        inset = QHBoxLayout(around)
        inset.setContentsMargins(8, 6, 8, 8)
        inset.addWidget(self.list)
        self.column.addWidget(around, 1)
        self.column.addWidget(hairline())
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 8)
        foot.addWidget(KeyHints([("↑+↓", "choose"), ("Enter", "run"), ("Tab", "complete"), (">", "commands only")]))
        self.column.addLayout(foot)

    def card_height(self) -> int:
        return 480

    # -- what is offered

    def _typed(self, text: str) -> None:
        query = text.strip()
        if query != self._asked:
            self._found = []
        self._asked = query
        self._show()
        if query and not query.startswith(">") and self._session.project is not None:
            self._session.ask(lambda project: _find(project, query),
                              lambda rows: self._got(query, rows), lambda error: None, owner=self)

    def _got(self, query: str, rows: list[Row]) -> None:
        if query == self._asked:
            self._found = rows
            self._show()

    def _show(self) -> None:
        query = self._asked.removeprefix(">").strip()
        ranked = [(match(query, c.title), c) for c in self._session.commands.available(self._page)
                  if c.id != "palette"]
        fitting = sorted(((s, c) for s, c in ranked if s is not None), key=lambda pair: -pair[0])
        groups: dict[str, list[PaletteLine]] = {"Commands": [], "Pages": []}
        for _, command in fitting:
            keys = command.shortcuts[0] if command.shortcuts else ""
            groups.setdefault(command.group, []).append(PaletteLine(command.title, command.icon, keys, command.run))
        if not query:                            # before anything is typed, the pages are what is wanted most
            groups = {"Pages": groups.pop("Pages"), **groups}
        found = [self._demonstration(row) for row in self._found]
        entries = []
        for name, lines in (*groups.items(), (FOUND_TITLE, found)):
            if lines:
                entries += [PaletteLine(name), *lines]
        self.model.show_entries(entries or [PaletteLine("Nothing matches")])
        self._select(1, 1)

    def _demonstration(self, row: Row) -> PaletteLine:
        return PaletteLine(row.instruction, "demos", row.status.value,
                     lambda: self._session.open_page("demonstrations", demonstration_id=row.id))

    # -- keys

    def _select(self, row: int, step: int) -> None:
        """Select ``row``, or the next line in the direction of ``step`` that is not a heading."""
        count = self.model.rowCount()
        for _ in range(count):
            row %= count
            if self.model.entries[row].run is not None:
                self.list.setCurrentIndex(self.model.index(row))
                if row == 1:
                    self.list.scrollToTop()      # so that the first group's heading shows
                return
            row += step

    def run_current(self) -> None:
        index = self.list.currentIndex()
        run = self.model.entries[index.row()].run if index.isValid() else None
        if run is not None:
            self.close()
            run()

    def eventFilter(self, watched: QObject, event: Any) -> bool:
        if watched is self.field and event.type() == event.Type.KeyPress and self._pressed(event):
            return True
        return super().eventFilter(watched, event)

    def _pressed(self, event: QKeyEvent) -> bool:
        key, row = event.key(), self.list.currentIndex().row()
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(
            Qt.Key(key))
        if step is not None:
            self._select(row + step, 1 if step > 0 else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.run_current()
        elif key == Qt.Key.Key_Escape:
            self.close()
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            if row >= 0:
                self.field.setText(self.model.entries[row].title)
        else:
            return False
        return True


def _find(project: Project, text: str) -> list[Row]:
    try:
        ids = project.demonstrations.ids(Filter(text=text), Sort.RELEVANCE)[:FOUND]
    except QueryError:                   # it names a command; the demonstrations' page says what is wrong with a query
        return []
    return project.demonstrations.rows(ids)
