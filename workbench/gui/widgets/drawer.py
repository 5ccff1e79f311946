"""The last pane of a splitter, which lies over the others where there is no room beside them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QWidget

from workbench.gui.widgets.labels import vertical_hairline


class Drawer(QObject):
    """Beside the others the pane is seen as long as it is ``wanted``; over them only after ``open``."""

    def __init__(self, pane: QWidget, home: QSplitter) -> None:
        super().__init__(home)
        self._pane, self._home = pane, home
        self._wanted, self._opened = True, False
        self._frame = QFrame(home.parentWidget())
        self._frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self._frame.setProperty("bg", "surface")
        self._row = QHBoxLayout(self._frame)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(vertical_hairline())
        self._frame.hide()
        home.installEventFilter(self)

    @property
    def over(self) -> bool:
        return self._home.indexOf(self._pane) < 0

    def set_over(self, over: bool) -> None:
        if over == self.over:
            return
        if over:
            self._row.addWidget(self._pane)
        else:
            self._home.addWidget(self._pane)
        self._arrange()

    def set_wanted(self, wanted: bool) -> None:
        """Whether there is anything to show in it."""
        self._wanted = wanted
        self._arrange()

    def open(self) -> None:
        self._wanted = self._opened = True
        self._arrange()

    def close(self) -> None:
        self._opened = False
        self._arrange()

    def _arrange(self) -> None:
        self._pane.setVisible(self._wanted)
        self._frame.setVisible(self.over and self._wanted and self._opened)
        if self._frame.isVisible():
            room = self._home.geometry()
            width = min(self._pane.minimumSizeHint().expandedTo(self._pane.minimumSize()).width() + 41, room.width())
            self._frame.setGeometry(QRect(room.right() + 1 - width, room.top(), width, room.height()))
            self._frame.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._arrange()
        return False
