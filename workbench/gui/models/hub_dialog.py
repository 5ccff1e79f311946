"""Choosing a model of the Hugging Face Hub: its size and files first, and what is on this computer already."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from workbench.gui.shell.dialogs import Dialog
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.enter_field import EnterField
from workbench.gui.widgets.labels import label, set_property
from workbench.gui.widgets.pane import field
from workbench.gui.widgets.safe_text import tooltip
from workbench.services.model_sources import CachedModel, HubModel, cached_models, look_up
from workbench.wording import counted, gigabytes

_SHOWN_FILES, _SHOWN_CACHED = 6, 6


class HubDialog(Dialog):
    """``wanted`` has the model to download and the GGUF file ("" for the folder); ``there`` a path to add as it is."""

    wanted = Signal(object, str)
    there = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None) -> None:
        line = ("Only weights as safetensors or GGUF, the tokenizer and settings are downloaded: nothing that can run "
                "code.")
        super().__init__("models", "Model from the Hugging Face Hub", (line,), parent, width=560)
        self._session = session
        self._model: HubModel | None = None
        self.repo = EnterField()
        self.repo.setPlaceholderText("organisation/name")
        self.look = secondary("Look up", "search")
        row = QWidget()
        inside = QHBoxLayout(row)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        inside.addWidget(self.repo, 1)
        inside.addWidget(self.look)
        self.repo.setAccessibleName("Model id")
        self.says = label("", "small", wrap=True)
        self.files = QComboBox()
        self._files_field = field("What to download", self.files)
        self._files_field.hide()
        self.cached = QListWidget()
        self.cached.setAccessibleName("On this computer already")
        self._cached_field = field("On this computer already", self.cached)
        self.room.addWidget(field("Model id", row))
        self.room.addWidget(self.says)
        self.room.addWidget(self._files_field)
        self.room.addWidget(self._cached_field)
        self._cached_field.hide()
        cancel = self.add_button(secondary("Cancel"))
        self.act = self.add_button(primary("Download"), default=False)
        self.act.setEnabled(False)
        cancel.clicked.connect(self.reject)
        self.look.clicked.connect(self.look_up)
        self.repo.returnPressed.connect(self.look_up)
        self.repo.textEdited.connect(self._edited)
        self.files.currentIndexChanged.connect(self._file_chosen)
        self.cached.itemSelectionChanged.connect(self._cached_chosen)
        self.cached.itemActivated.connect(lambda item: self._act())
        self.act.clicked.connect(self._act)
        self.repo.setFocus()
        session.background(cached_models, self._show_cached, owner=self)

    def look_up(self) -> None:
        repo = self.repo.text().strip()
        if not repo:
            self._say("Type a model's id first, as it stands on the Hub.")
            return
        self._say("Asking the Hub…")
        self.look.setEnabled(False)
        self._session.background(lambda: look_up(repo), self._found, self._failed, owner=self)

    def _edited(self) -> None:
        self._model = None
        self.cached.clearSelection()
        self._files_field.hide()
        self._say("")
        self._update()

    def _found(self, model: HubModel) -> None:
        self.look.setEnabled(True)
        self._model = model
        self.files.clear()
        if model.loadable:
            self.files.addItem(f"Safetensors, {counted(len(model.files), 'file')}, {gigabytes(model.size)}", "")
        for file in model.ggufs:
            self.files.addItem(f"{file.name}, {gigabytes(file.whole_size)}", file.name)
        self._files_field.setVisible(self.files.count() > 0)
        if not self.files.count():
            self._say(f"{model.repo} has neither safetensors nor a whole GGUF file. Nothing else is loaded.", bad=True)
        else:
            self._file_chosen()
        self._update()

    def _failed(self, error: Exception) -> None:
        self.look.setEnabled(True)
        self._say(str(error), bad=True)

    def _file_chosen(self) -> None:
        model = self._model
        if model is None or not self.files.count():
            return
        gguf = str(self.files.currentData())
        names = [file.name for file in sorted(model.chosen(gguf), key=lambda file: -file.size)]
        more = f" and {len(names) - _SHOWN_FILES} more" if len(names) > _SHOWN_FILES else ""
        gated = " Its makers want their terms accepted on the Hub first." if model.gated else ""
        self._say(f"At {model.commit[:10]}: {', '.join(names[:_SHOWN_FILES])}{more}.{gated}")
        self._update()

    def _show_cached(self, models: list[CachedModel]) -> None:
        for model in models:
            item = QListWidgetItem(f"{model.repo}, {gigabytes(model.size)}")
            item.setData(Qt.ItemDataRole.UserRole, model)
            item.setToolTip(tooltip(str(model.path)))
            self.cached.addItem(item)
        if models:
            rows = min(len(models), _SHOWN_CACHED)
            self.cached.setFixedHeight(rows * self.cached.sizeHintForRow(0) + 2 * self.cached.frameWidth() + 8)
        self._cached_field.setVisible(bool(models))
        self.adjustSize()

    def _cached_chosen(self) -> None:
        self._update()

    def _update(self) -> None:
        chosen = self._chosen_cached()
        self.act.setText("Add" if chosen else "Download")
        self.act.setEnabled(chosen is not None or (self._model is not None and self.files.count() > 0))
        self.adjustSize()

    def _chosen_cached(self) -> CachedModel | None:
        items = self.cached.selectedItems()
        found: CachedModel | None = items[0].data(Qt.ItemDataRole.UserRole) if items else None
        return found

    def _act(self) -> None:
        chosen = self._chosen_cached()
        if chosen is not None:
            self.there.emit(chosen.path)
        elif self._model is not None:
            self.wanted.emit(self._model, str(self.files.currentData()))
        else:
            return
        self.accept()

    def _say(self, text: str, *, bad: bool = False) -> None:
        self.says.setText(text)
        set_property(self.says, "tone", "bad" if bad else "")
        self.adjustSize()
