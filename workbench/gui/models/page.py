"""The Models page: add a folder, see what a model is and needs, choose the current one, try it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Changes, Kind, MemoryEstimate, ModelFacts, Server
from workbench.gui.models.download_line import DownloadLine
from workbench.gui.models.hub_dialog import HubDialog
from workbench.gui.models.memory_bar import DeviceBar
from workbench.gui.models.model_details import ModelDetails
from workbench.gui.models.server_dialog import ServerDialog
from workbench.gui.models.table import COLUMNS, CONTEXT_SHOWN, ModelDelegate, ModelTable
from workbench.gui.shell import dialogs, settings
from workbench.gui.shell.choosing import choose_file, choose_folder
from workbench.gui.shell.page import Page
from workbench.gui.shell.session import Session
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import primary, secondary
from workbench.gui.widgets.data_table import DataTable
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import hairline
from workbench.gui.widgets.notice import Notice
from workbench.gui.widgets.pane import splitter
from workbench.gui.widgets.search_field import SearchField
from workbench.plugins import Failure
from workbench.services.model_sources import HubModel, is_adapter, probe_server
from workbench.services.models import Machine, ModelInfo, Models, is_model, kinds_of_file
from workbench.services.packages import failures
from workbench.services.project import Project
from workbench.wording import counted

MEMORY_EVERY_MS = 5_000
GGUF = ".gguf"
Read = tuple[list[ModelInfo], dict[int, MemoryEstimate], tuple[bool, str], tuple[Failure, ...]]


class ModelsPage(Page):
    name, title = "models", "Models"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.setAcceptDrops(True)
        self._wanted: int | None = None
        self.table = DataTable(COLUMNS, 56)
        self.table.setAccessibleName("Models")
        self.model = ModelTable(self)
        self.table.setModel(self.model)
        self.table.setItemDelegate(ModelDelegate(self.table))
        self.details = ModelDetails(session)
        self._build()
        self._connect()

    def _build(self) -> None:
        header = self.header()
        self._filter = SearchField("Filter models")
        self._filter.setFixedWidth(220)
        header.add_tool(self._filter)
        self._add = header.set_primary(primary("Add model", "plus"))
        self._add.setMenu(self._add_menu())
        self._bars = QWidget()
        self._bar_row = row = QHBoxLayout(self._bars)
        row.setContentsMargins(20, 12, 16, 14)
        row.setSpacing(32)
        self._devices: list[DeviceBar] = []
        self.body.addWidget(self._bars)
        self.download = DownloadLine()
        self.body.addWidget(self.download)
        self._gguf, self._packages = Notice("", "info"), Notice("", "info")
        self._notices = QWidget()
        around = QVBoxLayout(self._notices)
        around.setContentsMargins(20, 0, 16, 12)
        for notice in (self._gguf, self._packages):
            around.addWidget(notice)
        self._notices.hide()
        self.body.addWidget(self._notices)
        self.body.addWidget(hairline())
        add, hub, server = primary("Add a folder…", "folder"), secondary("From the Hub…"), secondary("On a server…")
        for button, act in ((add, self.choose_folder), (hub, self.open_hub), (server, lambda: self.open_server())):
            button.clicked.connect(act)
        self._empty = EmptyState("models", "No models yet", "Add a folder with config.json, tokenizer.json and "
                                 "safetensors, or drop it here.", [add, hub, server])
        self._no_match = EmptyState("filter", "No model matches", "Esc empties the filter.")
        self._stack = QStackedWidget()
        for widget in (self.table, self._empty, self._no_match):
            self._stack.addWidget(widget)
        self.body.addWidget(splitter(
            Qt.Orientation.Horizontal, self._stack, self.details, sizes=[900, 356],
            remembered=settings.MODELS_PANES), 1)
        self.details.setMinimumWidth(320)

    def _add_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addAction("Folder on this computer…", self.choose_folder)
        self._add_file = {extension: menu.addAction(f"{_kind(extension)} file…", partial(self._choose_file, extension))
                          for extension in kinds_of_file()}
        menu.addSeparator()
        menu.addAction("From the Hugging Face Hub…", self.open_hub)
        menu.addAction("On a server…", lambda: self.open_server())
        return menu

    def _connect(self) -> None:
        self.download.finished.connect(self.add_model)
        self.download.failed.connect(self._download_failed)
        self._filter.searched.connect(self._filtered)
        self._filter.left.connect(self.table.setFocus)
        self.table.chosen.connect(lambda row: self._show_current())
        self.table.opened.connect(lambda row: self._act("current"))
        self.details.acted.connect(self._act)
        self.details.loading_changed.connect(self._set_loading)
        self._timer = QTimer(self, interval=MEMORY_EVERY_MS)
        self._timer.timeout.connect(self._tick)
        theme.notifier.changed.connect(self._read_machine)

    # -- reading

    def shown(self, *, add: bool = False, **arguments: Any) -> None:
        self._add.setEnabled(not self.session.read_only)
        self._read()
        self._read_machine()
        self._timer.start()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        if add:
            self.choose_folder()

    def refresh(self, changes: Changes) -> None:
        if changes.concerns(Kind.MODEL):
            self._read()
        if changes.concerns(Kind.PROMPT):
            self._read_prompts()

    def _tick(self) -> None:
        if not self.isVisible():
            self._timer.stop()
        elif not self.session.busy:
            self._read_machine()
            if self._gguf.isVisible():
                self._read()                     # it may have been built meanwhile

    def _read(self) -> None:
        def work(project: Project) -> Read:
            models = project.models.all()
            estimates = {
                m.ref.id: project.models.estimate(m.facts, m.ref.dtype, min(m.facts.context, CONTEXT_SHOWN), 1)
                for m in models if m.facts is not None and m.ref.id is not None}
            return models, estimates, project.models.gguf_support(), failures()

        self.session.ask(work, self._show, owner=self)
        self._read_prompts()

    def _read_prompts(self) -> None:
        self.session.ask(lambda p: p.prompts.all(), self.details.trial.show_prompts, owner=self)

    def _read_machine(self) -> None:
        project = self.session.project
        if project is not None:
            self.session.background(project.models.machine, self._show_machine, owner=self)

    def _show(self, read: Read) -> None:
        models, estimates, (supported, reason), unusable = read
        wanted = self._wanted if self._wanted is not None else self._current_id()
        self._wanted = None
        self.model.show_models(models, estimates)
        if wanted is None:
            wanted = next((m.ref.id for m in models if m.current), None)
        row = max(self.model.row_of(wanted), 0)
        if self.model.rowCount() and self.table.current_row() != row:
            self.table.choose(row)
        self.header().set_subtitle(f"{counted(len(models), 'model')} in this project" if models else "")
        self._gguf.set_text(reason)
        self._gguf.setVisible(not supported)
        self._packages.set_text("\n".join((*map(str, unusable), "All else works. Update the package, or remove it.")))
        self._packages.setVisible(bool(unusable))
        self._notices.setVisible(not supported or bool(unusable))
        self._add_file[GGUF].setEnabled(supported)
        self._add_file[GGUF].setToolTip("" if supported else reason)
        self._show_stack()

    def _show_stack(self) -> None:
        self._stack.setCurrentWidget(
            self.table if self.model.rows else self._no_match if self.model.everything else self._empty)
        self.details.setVisible(bool(self.model.rows))
        self._show_current()

    def _show_current(self) -> None:
        self.details.show_model(self._current())

    def _show_machine(self, machine: Machine) -> None:
        memories = [*machine.gpus, ("Main memory", machine.memory_total, machine.memory_free)]
        while len(self._devices) < len(memories):
            bar = DeviceBar()
            self._devices.append(bar)
            self._bar_row.addWidget(bar)
        for bar, memory in zip(self._devices, memories, strict=False):
            bar.show_memory(*memory)
        self.model.show_machine(machine)
        self.details.show_machine(machine)

    def _filtered(self, text: str) -> None:
        wanted = self._current_id()
        self.model.filter(text)
        if self.model.rows:
            self.table.choose(max(self.model.row_of(wanted), 0))
        self._show_stack()

    def _current(self) -> ModelInfo | None:
        row = self.table.current_row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    def _current_id(self) -> int | None:
        model = self._current()
        return model.ref.id if model else None

    def focus_filter(self) -> None:
        self._filter.setFocus()

    # -- acting

    def choose_folder(self) -> None:
        folder = choose_folder(self, "Add a model folder", settings.MODEL_FOLDER)
        if folder is not None:
            self.add_model(folder)

    def _choose_file(self, extension: str) -> None:
        kind = _kind(extension)
        file = choose_file(self, f"Add a {kind} file", settings.MODEL_FOLDER, f"{kind} models (*{extension})")
        if file is not None:
            self.add_model(file)

    def add_model(self, path: Path) -> None:
        """Read a model's facts and hash its files apart from the lane, then register it."""
        self.header().set_subtitle(f"Reading {path.name}…")
        self._add.setEnabled(False)

        def with_base(base: Path | None) -> None:
            if base is None and is_adapter(path):
                asked = f"Choose the model that “{path.name}” was trained on"
                chosen = QFileDialog.getExistingDirectory(self, asked, str(path.parent))
                base = Path(chosen) if chosen else None
            self.session.background(lambda: Models.read(path, base), lambda facts: read(facts, base), failed,
                                    owner=self)

        def read(facts: ModelFacts, base: Path | None) -> None:
            self._add.setEnabled(True)
            self.session.change(lambda p: p.models.register(path, facts=facts, base=base), self._registered,
                                owner=self)

        def failed(error: Exception) -> None:
            self._add.setEnabled(True)
            self._read()
            self.session.error.emit(error)

        self.session.ask(lambda p: p.models.base_of(path), with_base, failed, owner=self)

    def _registered(self, changes: Changes) -> None:
        ids = changes.created or tuple(changes.touched.get(Kind.MODEL, ()))
        self._wanted = ids[0] if ids else None
        self._read()

    def open_hub(self) -> HubDialog:
        dialog = HubDialog(self.session, self.window())
        dialog.wanted.connect(self._download)
        dialog.there.connect(self.add_model)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def _download(self, model: HubModel, gguf: str) -> None:
        if self.download.running:
            self.session.notice.emit("One download at a time: wait for the one that runs, or stop it.", "info")
        else:
            self.download.start(model, gguf)

    def open_server(self, model: ModelInfo | None = None) -> ServerDialog:
        """``model``: one of the project's, to change how its server is used."""
        dialog = ServerDialog(self.session, self.window())
        if model is not None and model.ref.server is not None:
            dialog.show_server(model.ref.url, model.ref.server)
        dialog.found.connect(self._add_server)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def _add_server(self, url: str, server: Server) -> None:
        self.session.change(lambda p: p.models.register_server(url, server), self._registered, owner=self)

    def _ask_server(self, model: ModelInfo) -> None:
        """What its server can do is found out again."""
        server, url = model.ref.server, model.ref.url
        if server is None:
            return
        said = self.details.server.says

        def failed(error: Exception) -> None:
            said.setText(str(error))

        def found(probed: Server) -> None:
            said.setText("")
            self._add_server(url, probed)

        said.setText("Asking…")
        self.session.background(lambda: probe_server(url, server), found, failed, owner=self)

    def _download_failed(self, error: Exception | None) -> None:
        if error is not None:
            self.session.error.emit(error)

    def _act(self, what: str) -> None:
        model = self._current()
        if model is None or model.ref.id is None:
            return
        id, path = model.ref.id, Path(model.ref.path)
        if what == "folder":
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path if path.is_dir() else path.parent)))
        elif self.session.read_only:
            return
        elif what == "current" and model.state == "ready" and not model.current:
            self.session.change(lambda p: p.models.set_current(id))
        elif what == "again" and model.ref.server is not None:
            self._ask_server(model)
        elif what == "again":
            self.add_model(path)
        elif what == "settings":
            self.open_server(model)
        elif what == "remove" and dialogs.confirm(
                f"Remove “{model.ref.name}” from the project?", "Its files stay where they are; scores that it made "
                "stay too.", "Remove model", self.window(), destroys=True):
            self.session.change(lambda p: p.models.remove(id))

    def _set_loading(self, device: str, dtype: str) -> None:
        id = self._current_id()
        if id is not None:
            self.session.change(lambda p: p.models.set_loading(id, device, dtype))

    def try_model(self) -> None:
        self.details.show_part(2)
        self.details.trial.question.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(is_model(Path(url.toLocalFile())) for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for path in [Path(url.toLocalFile()) for url in event.mimeData().urls()]:
            if is_model(path) and not self.session.read_only:
                self.add_model(path)

    def panes(self) -> list[QWidget]:
        return [self._filter, self.table, self.details.trial.question if self.details.trial.isVisible()
                else self.details.dtype]

    def busy(self) -> bool:
        return self.details.trial.running


def _kind(extension: str) -> str:
    return extension.removeprefix(".").upper()
