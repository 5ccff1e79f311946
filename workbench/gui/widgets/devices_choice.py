"""On how many graphics cards a job runs: all of them, or one. Not shown where there is nothing to choose."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.gui.widgets.pane import field
from workbench.gui.widgets.segmented import Segmented


class DevicesChoice(QWidget):
    """``offer`` says how many devices can share the work, and of how many; all is the default."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._offered = 1
        self.choice = Segmented(("All", "One"), name="Devices")
        self.choice.changed.connect(lambda _: self.changed.emit())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(field("Devices", self.choice))
        self.hide()

    def offer(self, devices: int, there: int) -> None:
        self._offered = devices
        self.choice.set_text(0, f"All {there} GPUs" if devices == there else f"{devices} of {there} GPUs")
        self.setVisible(devices > 1)

    @property
    def one(self) -> bool:
        """Whether a person wants one device where there are more."""
        return self.choice.current() == 1

    @property
    def number(self) -> int:
        return 1 if self.one else self._offered
