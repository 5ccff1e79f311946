"""The dialog that makes one of recipe 5's trained models a model of the project."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QLineEdit, QWidget

from workbench.gui.charts.chart import one_line
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.pane import field
from workbench.services.recipe_results import Tuned


class RegisterDialog(Dialog):
    """``chosen`` gets the model and its name."""

    def __init__(self, tuned: Sequence[Tuned], chosen: Callable[[Tuned, str], None], parent: QWidget | None) -> None:
        super().__init__("models", "Register a fine-tuned model", (
            "It can then answer, score, search and be trained like any other model of the project.",), parent)
        self._tuned = tuple(tuned)
        self.model, self.name = ElidedCombo(), QLineEdit()
        for one in tuned:
            known = f", registered as {one_line(one.registered)}" if one.registered else ""
            self.model.addItem(one_line(one.name) + known)
        self.model.setCurrentIndex(len(tuned) - 1)
        self.room.addWidget(field("Model", self.model))
        self.room.addWidget(field("Name", self.name))
        cancel = self.add_button(secondary("Cancel"))
        cancel.clicked.connect(self.reject)
        self.accept_button = self.add_button(primary("Register model"), default=True)
        self.accept_button.clicked.connect(self.accept)
        self.model.currentIndexChanged.connect(lambda _: self._suggest())
        self.name.textChanged.connect(lambda text: self.accept_button.setEnabled(bool(text.strip())))
        self.accepted.connect(lambda: chosen(self._tuned[self.model.currentIndex()], self.name.text().strip()))
        self._suggest()

    def _suggest(self) -> None:
        one = self._tuned[self.model.currentIndex()]
        self.name.setText(one.registered or one_line(one.name))
