"""The line above the Bench page's charts: contestants with their colours, the question set, and the measure."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.gui.bench.colours import contestant_colours
from workbench.gui.charts.chart import one_line
from workbench.gui.charts.legend import Legend
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.labels import ElidedLabel
from workbench.services.bench_measures import Measure
from workbench.services.bench_reading import BenchReading, details, short_names

ROOM_FOR_NOTE = 4                    # contestants; more need the room for their names


class BenchBar(QWidget):
    """``contestants_chosen`` carries ids, ``set_chosen`` a question set's id, ``measure_chosen`` a Measure."""

    contestants_chosen = Signal(list)
    set_chosen = Signal(int)
    measure_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(42)
        self._narrow = False
        self.legend, self.sets, self.measure = Legend(), ElidedCombo("Question set", 10), ElidedCombo("Measure", 12)
        self.manage = icon_button("more", "Import and manage answers")
        self._note = ElidedLabel("", "faint")
        self._note.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._note_fits = False
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(self.legend, 3)
        row.addWidget(self._note, 1)
        for box in (self.sets, self.measure):
            box.setMaximumWidth(210)
            row.addWidget(box)
        row.addWidget(self.manage)
        self.legend.changed.connect(self.contestants_chosen)
        self.sets.activated.connect(lambda index: self.set_chosen.emit(self.sets.itemData(index)))
        self.measure.activated.connect(lambda index: self.measure_chosen.emit(self.measure.itemData(index)))

    def show_reading(self, reading: BenchReading, chosen: Sequence[int], found: Sequence[Measure],
                     measure: Measure | None) -> None:
        colours, called = contestant_colours(reading), short_names(reading.contestants)
        self.legend.show_entries([(one.id, called[one.id], colours[one.id], f"{one.name}\n{details(one)}")
                                  for one in reading.contestants if one.id is not None], chosen)
        self.sets.clear()
        for info in reading.sets:
            self.sets.addItem(one_line(info.name), info.id)
        self.sets.setCurrentIndex(self.sets.findData(reading.chosen.id if reading.chosen is not None else None))
        self.measure.clear()
        for one in found:
            self.measure.addItem(one_line(one.label), one)
        self.measure.setCurrentIndex(list(found).index(measure) if measure is not None else -1)
        self.measure.setVisible(bool(found))
        self._note.setText(measure.note if measure is not None else "")
        # the charts' hints say what a measure is not; here the names need the room
        self._note_fits = (measure is not None and measure.kind != "measure"
                           and len(reading.contestants) <= ROOM_FOR_NOTE)
        self.set_narrow(self._narrow)

    def set_narrow(self, on: bool) -> None:
        self._narrow = on
        self._note.setVisible(self._note_fits and not on)
