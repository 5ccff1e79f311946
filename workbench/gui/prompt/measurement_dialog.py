"""What was measured of a prompt: what each demonstration adds to the others, and what their order does."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.domain import Interval
from workbench.errors import WorkbenchError
from workbench.gui.charts.chart import one_line
from workbench.gui.charts.chart_view import ChartTools, ChartView, scrolled
from workbench.gui.charts.dot_plot import DotPlot, DotRow
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.labels import label
from workbench.jobs.kinds.sensitivity import SensitivitySpec
from workbench.services.results import OrderEffect, PromptEffect
from workbench.wording import counted, plain, signed

TITLE_LENGTH = 48
MOST_ROWS = 8                        # that are seen without scrolling


class MeasurementDialog(Dialog):
    """``use_best`` puts the demonstrations into the best order that was tried; None where that cannot be done."""

    def __init__(self, spec: SensitivitySpec, effect: PromptEffect, use_best: Callable[[], None] | None,
                 failed: Callable[[WorkbenchError], None], parent: QWidget | None) -> None:
        of = f"{one_line(spec.model.name)}, {counted(len(spec.questions), 'question')}"
        super().__init__("prompt", f"What the demonstrations of “{one_line(spec.prompt.name) or 'Prompt'}” bring",
                         (f"Nats per answer, with 95\N{NO-BREAK SPACE}% intervals: {of}. The whole prompt against none "
                          f"of them: {signed(effect.gain.mean)}.",), parent, width=620)
        self.adds = DotPlot("What each demonstration adds to the others", "nats per answer", "Demonstration")
        self.adds.set_rows([DotRow(f"{place}. {one_line(one.instruction)[:TITLE_LENGTH]}", interval)
                            for place, (one, interval) in
                            enumerate(zip(spec.prompt.demonstrations, effect.adds, strict=True), start=1)])
        area = scrolled(self.adds)
        area.setFixedHeight(min(self.adds.sizeHint().height(), round(self.adds.sizeHint().height() * MOST_ROWS
                                                                     / max(1, len(effect.adds)))) + 4)
        self.view = ChartView(self.adds, area)
        self.view.setFixedHeight(area.height())
        tools = ChartTools(lambda: self.view, failed)
        head = QHBoxLayout()
        head.addWidget(label("What each adds to the others", "section"))
        head.addStretch(1)
        head.addWidget(tools.table)
        head.addWidget(tools.export)
        self.room.addLayout(head)
        self.room.addWidget(self.view)
        self._add_orders(effect.orders)
        self.add_button(secondary("Close")).clicked.connect(self.reject)
        if use_best is not None and effect.orders is not None and effect.orders.rank > 1:
            use = self.add_button(primary("Use the best order"), default=True)
            use.clicked.connect(self.accept)
            self.accepted.connect(use_best)
        self.fit(620)

    def _add_orders(self, orders: OrderEffect | None) -> None:
        self.room.addWidget(label("Other orders of them", "section"))
        if orders is None:
            self.room.addWidget(label("Not measured.", "small"))
            return
        chart = DotPlot("Other orders against the prompt’s own", "nats per answer", "Orders")
        spread = Interval(orders.mean, orders.worst, orders.best)
        chart.set_rows([DotRow(f"{counted(orders.tried, 'order')}, worst to best", spread, "mean", "accent_text")])
        chart.setFixedHeight(chart.sizeHint().height())
        self.orders = chart
        self.room.addWidget(chart)
        self.room.addWidget(label(order_sentence(orders), "small", wrap=True))


def order_sentence(orders: OrderEffect) -> str:
    best = ", ".join(str(place + 1) for place in orders.best_order)
    spread = f"The standard deviation over orders is {plain(orders.deviation)}."
    if orders.rank == 1:
        return f"Zero is the prompt’s own order, the best of those tried. {spread}"
    return f"Zero is the prompt’s own order, number {orders.rank}. The best is {best}. {spread}"
