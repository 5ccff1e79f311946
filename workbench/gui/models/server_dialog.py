"""Adding a model on an OpenAI-compatible server: where it is, its key, which model, and how hard it may be asked."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from workbench.domain import Server
from workbench.errors import ModelError
from workbench.gui.shell.dialogs import Dialog
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.enter_field import EnterField
from workbench.gui.widgets.labels import label, set_property
from workbench.gui.widgets.number_field import NumberField
from workbench.gui.widgets.pane import field
from workbench.services import model_sources
from workbench.wording import counted


class ServerDialog(Dialog):
    """``found`` has the address and the Server with what it can do. The key goes to the keyring and nowhere else."""

    found = Signal(str, object)

    def __init__(self, session: Session, parent: QWidget | None) -> None:
        super().__init__("link", "Model on a server",
                         ("vLLM, llama.cpp, Ollama or any other server with OpenAI's interface.",), parent, width=560)
        self._session = session
        self.url, self.key = EnterField(), EnterField()
        self.url.setPlaceholderText("http://localhost:8000/v1")
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.key.setPlaceholderText("None, or the one that is kept")
        self.connect_button = secondary("Connect", "link")
        row = QWidget()
        inside = QHBoxLayout(row)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        inside.addWidget(self.url, 1)
        inside.addWidget(self.connect_button)
        self.url.setAccessibleName("Address")
        self.model = QComboBox()
        self.model.setEditable(True)
        self._typed_model = EnterField()
        self._typed_model.setPlaceholderText("As the server calls it")
        self.model.setLineEdit(self._typed_model)
        self.together, self.per_minute = NumberField(1, 256, 4), NumberField(0, 100_000, 0)
        self.says = label("", "small", wrap=True)
        self.room.addWidget(field("Address", row))
        self.room.addWidget(field("Key", self.key, hint="Kept in the system's keyring, never in the project."))
        self.room.addWidget(field("Model", self.model))
        limits = QHBoxLayout()
        limits.setSpacing(8)
        limits.addWidget(field("Requests at a time", self.together), 1)
        limits.addWidget(field("Requests a minute, 0 for no limit", self.per_minute), 1)
        self.room.addLayout(limits)
        self.room.addWidget(self.says)
        cancel = self.add_button(secondary("Cancel"))
        self.add = self.add_button(primary("Add model"), default=False)
        cancel.clicked.connect(self.reject)
        self.connect_button.clicked.connect(self.look)
        self.url.returnPressed.connect(self.look)
        self.key.returnPressed.connect(self.look)
        self._typed_model.returnPressed.connect(self._add)
        self.add.clicked.connect(self._add)
        self.url.textEdited.connect(lambda text: self._update())
        self.model.editTextChanged.connect(lambda text: self._update())
        self.url.setFocus()
        self._update()

    def show_server(self, url: str, server: Server) -> None:
        """Begin with what is set for a model of the project."""
        self.url.setText(url)
        self.model.setCurrentText(server.model)
        self.together.setValue(server.concurrency)
        self.per_minute.setValue(server.requests_per_minute)
        self.add.setText("Save")
        self._update()

    def look(self) -> None:
        """Ask the server for its models."""
        url, key = self._address(), self.key.text()
        if url is None:
            return
        self._busy("Connecting…")
        self._session.background(lambda: model_sources.served_models(url, key), self._listed, self._failed, owner=self)

    def _listed(self, names: list[str]) -> None:
        self._busy("")
        typed = self.model.currentText()
        self.model.clear()
        self.model.addItems(names)
        if typed:
            self.model.setCurrentText(typed)
        self._say(f"It has {counted(len(names), 'model')}." if names else
                  "It answers, but lists no models: type the model's name.")
        self.model.setFocus()
        self._update()

    def _add(self) -> None:
        url, key = self._address(), self.key.text()
        if url is None or not self.add.isEnabled():
            return
        server = Server(self.model.currentText().strip(), concurrency=self.together.value(),
                        requests_per_minute=self.per_minute.value())

        def work() -> Server:
            probed = model_sources.probe_server(url, server, key)
            if key:
                model_sources.save_key(url, key)
            return probed

        def done(probed: Server) -> None:
            self.found.emit(url, probed)
            self.accept()

        self._busy("Finding out what it can do…")
        self._session.background(work, done, self._failed, owner=self)

    def _address(self) -> str | None:
        try:
            url = model_sources.server_address(self.url.text())
        except ModelError as error:
            self._say(str(error), bad=True)
            return None
        self.url.setText(url)
        return url

    def _failed(self, error: Exception) -> None:
        self._busy("")
        self._say(str(error), bad=True)

    def _busy(self, text: str) -> None:
        self._say(text)
        self.connect_button.setEnabled(not text)
        self.add.setEnabled(not text)
        if not text:
            self._update()

    def _update(self) -> None:
        self.add.setEnabled(bool(self.url.text().strip() and self.model.currentText().strip()))

    def _say(self, text: str, *, bad: bool = False) -> None:
        self.says.setText(text)
        set_property(self.says, "tone", "bad" if bad else "")
        self.adjustSize()
