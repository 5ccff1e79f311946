"""The facets beside the table: what there is, how many of each, and what of it is shown."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPen, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QFrame, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView, QWidget

from workbench.domain import Status
from workbench.gui.listing.table import Index
from workbench.gui.widgets import theme
from workbench.gui.widgets.glyphs import paint_status
from workbench.gui.widgets.painted_text import metrics, paint_line
from workbench.gui.widgets.safe_text import tooltip
from workbench.gui.widgets.stars import paint_stars
from workbench.services.demonstrations import Facets, Filter
from workbench.wording import grouped

MOST = 40                                          # entries of one facet; the rest is found by typing category:name
LENGTHS: tuple[tuple[str, int | None, int | None], ...] = (
    ("Under 50", None, 49), ("50 to 199", 50, 199), ("200 to 599", 200, 599), ("600 and more", 600, None))
_LEFT, _RIGHT_OF_NAME = 34, 20                 # pixels beside an entry's name
_ENTRY = Qt.ItemDataRole.UserRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class FacetLine:
    """One line: a group's title (``value`` None) or one of its values. ``count`` None: not counted."""

    group: str
    label: str
    value: Hashable = None
    count: int | None = None
    chosen: bool = False


class FacetTree(QTreeView):
    chosen = Signal(object)                        # Filter

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._where = Filter()
        self._facets: Facets | None = None
        self._model = QStandardItemModel(self)
        self._closed = {"Tags", "Length"}
        self.setModel(self._model)
        self.setItemDelegate(_FacetDelegate(self))
        self.setProperty("bg", "canvas")
        self.setAccessibleName("Facets")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHeaderHidden(True)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setExpandsOnDoubleClick(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.clicked.connect(self._choose)
        self.expanded.connect(lambda index: self._closed.discard(index.data(_ENTRY).group))
        self.collapsed.connect(lambda index: self._closed.add(index.data(_ENTRY).group))
        theme.notifier.changed.connect(self._measure)
        self._measure()

    def _measure(self) -> None:
        """The statuses are read in full beside their counts, whatever the font and however many there are."""
        counts = self._facets.statuses if self._facets is not None else {}
        least = max(metrics("section").horizontalAdvance(status.value.capitalize())
                     + metrics("section").horizontalAdvance(grouped(counts.get(status, 0))) for status in Status)
        self.setMinimumWidth(max(round(150 * theme.scale()), round(least) + _LEFT + _RIGHT_OF_NAME + 12))
        self.doItemsLayout()

    def sizeHint(self) -> QSize:
        return QSize(round(164 * theme.scale()), 400)

    def show_facets(self, facets: Facets, where: Filter) -> None:
        """New counts under a filter; what was open, looked at and scrolled to stays."""
        if facets == self._facets and where == self._where:
            return
        self._facets, self._where = facets, where
        self._measure()
        current = self.currentIndex().data(_ENTRY)
        top = self.verticalScrollBar().value()
        self._model.clear()
        for group, entries in _groups(facets, where):
            head = self._item(FacetLine(group, group))
            for entry in entries:
                head.appendRow(self._item(entry))
            if head.rowCount():
                self._model.appendRow(head)
                self.setExpanded(head.index(), group not in self._closed)
        self._restore(current)
        self.verticalScrollBar().setValue(top)

    def _item(self, entry: FacetLine) -> QStandardItem:
        item = QStandardItem(entry.label)
        item.setData(entry, _ENTRY)
        words = entry.label if entry.count is None else f"{entry.label}, {entry.count}"
        item.setData(f"{words}, chosen" if entry.chosen else words, Qt.ItemDataRole.AccessibleTextRole)
        item.setToolTip(tooltip(entry.label) if entry.value is not None else "")
        item.setEditable(False)
        return item

    def _restore(self, current: FacetLine | None) -> None:
        for row in range(self._model.rowCount()):
            head = self._model.item(row)
            for item in (head, *(head.child(i) for i in range(head.rowCount()))):
                entry: FacetLine = item.data(_ENTRY)
                if current is not None and (entry.group, entry.value) == (current.group, current.value):
                    self.setCurrentIndex(item.index())
                    return

    def _choose(self, index: QModelIndex) -> None:
        entry: FacetLine | None = index.data(_ENTRY)
        if entry is None:
            return
        if entry.value is None:
            self.setExpanded(index, not self.isExpanded(index))
        elif entry.group:
            self.chosen.emit(toggled(self._where, entry))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self.currentIndex())
        elif event.text().strip() and event.key() not in (Qt.Key.Key_Asterisk, Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            event.ignore()                         # letters are the page's commands
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid():
            self.setCurrentIndex(self._model.index(0, 0))
        self.viewport().update()


def toggled(where: Filter, entry: FacetLine) -> Filter:
    """The filter with one entry chosen, or no longer chosen."""
    if entry.group == "Length":
        low, high = next((low, high) for _, low, high in LENGTHS if (low, high) == entry.value)
        same = (where.min_tokens, where.max_tokens) == (low, high)
        return replace(where, min_tokens=None if same else low, max_tokens=None if same else high)
    field = {"Status": "statuses", "Category": "categories", "Source": "sources", "Tags": "tags", "Rating": "ratings"}
    name = field[entry.group]
    return replace(where, **{name: getattr(where, name) ^ {entry.value}})


def _groups(facets: Facets, where: Filter) -> list[tuple[str, list[FacetLine]]]:
    statuses = [FacetLine("Status", status.value.capitalize(), status, facets.statuses.get(status, 0),
                      status in where.statuses)
                for status in (Status.ACCEPTED, Status.CANDIDATE, Status.FLAGGED, Status.REJECTED)]
    ratings = [FacetLine("Rating", f"{rating} of 5" if rating else "Not rated", rating, facets.ratings.get(rating, 0),
                     rating in where.ratings)
               for rating in (5, 4, 3, 2, 1, 0) if facets.ratings.get(rating) or rating in where.ratings]
    lengths = [FacetLine("Length", name, (low, high), None, (where.min_tokens, where.max_tokens) == (low, high))
               for name, low, high in LENGTHS]
    return [("Status", statuses), ("Category", _entries("Category", facets.categories, where.categories)),
            ("Source", _entries("Source", facets.sources, where.sources)), ("Rating", ratings),
            ("Tags", _entries("Tags", facets.tags, where.tags, by_count=True)), ("Length", lengths)]


def _entries(group: str, counts: dict[str, int], chosen: Iterable[str], *, by_count: bool = False) -> list[FacetLine]:
    """The commonest ``MOST`` and all that are chosen, by name; tags by how many carry them."""
    chosen = set(chosen)
    common = sorted(counts, key=lambda name: (-counts[name], name))[:MOST]
    names = set(common) | chosen
    ordered = sorted(names, key=lambda name: (-counts.get(name, 0) if by_count else not name, name.casefold()))
    entries = [FacetLine(group, name or "None", name, counts.get(name, 0), name in chosen) for name in ordered]
    left = len(set(counts) - names)
    if left:
        entries.append(FacetLine("", f"and {grouped(left)} more"))
    if entries and len(entries) == 1 and entries[0].value == "" and not entries[0].chosen:
        return []                                  # nothing carries one: the group would say nothing
    return entries


class _FacetDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        entry: FacetLine = index.data(_ENTRY)
        head = entry.value is None and bool(entry.group)
        return QSize(100, max(32 if head else 26, round(metrics("small").height() + (14 if head else 8))))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect, entry = QRectF(option.rect), index.data(_ENTRY)
        tree = self.parent()
        assert isinstance(tree, FacetTree)
        if option.state & QStyle.StateFlag.State_MouseOver and entry.group:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("pressed"))
            painter.drawRoundedRect(rect.adjusted(6, 1, -6, -1), 4, 4)
        if entry.value is None:
            self._head(painter, rect, entry, tree.isExpanded(index))
        else:
            self._entry(painter, rect, entry)
        if option.state & QStyle.StateFlag.State_HasFocus and tree.property("kbd") == "1":
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("focus"), 2))
            painter.drawRoundedRect(rect.adjusted(5, 1, -5, -1), 4, 4)
        painter.restore()

    def _head(self, painter: QPainter, rect: QRectF, entry: FacetLine, opened: bool) -> None:
        if not entry.group:
            paint_line(painter, rect.adjusted(34, 0, -12, 0), entry.label, "small", "text3")
            return
        icon = theme.pixmap("down" if opened else "right", "text3", 16, painter.device().devicePixelRatioF())
        painter.drawPixmap(QPointF(rect.x() + 9, rect.center().y() - 8), icon)
        paint_line(painter, rect.adjusted(29, 0, -12, 0), entry.label, "section", "text2")

    def _entry(self, painter: QPainter, rect: QRectF, entry: FacetLine) -> None:
        dpr, middle = painter.device().devicePixelRatioF(), rect.center().y()
        token, role = ("accent_text", "section") if entry.chosen else ("text", "small")
        left = _LEFT
        if entry.chosen and entry.group not in ("Status", "Rating"):
            painter.drawPixmap(QPointF(rect.x() + 11, middle - 8), theme.pixmap("check", "accent_text", 16, dpr))
        if isinstance(entry.value, Status):
            paint_status(painter, QRectF(rect.x() + 11, middle - 8, 16, 16), entry.value)
        words = "" if entry.count is None else grouped(entry.count)
        width = metrics("section").horizontalAdvance(words)
        paint_line(painter, QRectF(rect.right() - 14 - width, rect.y(), width + 1, rect.height()), words,
             role, "accent_text" if entry.chosen else "text3", _RIGHT)
        if entry.group == "Rating" and isinstance(entry.value, int) and entry.value:
            paint_stars(painter, QRectF(rect.x() + 12, rect.y(), 64, rect.height()), entry.value)
            if entry.chosen:
                painter.drawPixmap(QPointF(rect.x() + 80, middle - 8), theme.pixmap("check", "accent_text", 16, dpr))
            return
        if entry.group == "Status" and entry.chosen:
            measure = metrics("section").horizontalAdvance(entry.label)
            painter.drawPixmap(QPointF(rect.x() + left + measure + 4, middle - 8),
                               theme.pixmap("check", "accent_text", 16, dpr))
        room = rect.width() - left - width - _RIGHT_OF_NAME
        paint_line(painter, QRectF(rect.x() + left, rect.y(), room, rect.height()), entry.label, role, token)
