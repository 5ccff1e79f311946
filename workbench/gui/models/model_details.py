"""The pane beside the models' table: how a model is loaded, what it needs, its facts, and trying it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.domain import Backend, MemoryEstimate
from workbench.gui.models.facts_form import FactsForm
from workbench.gui.models.memory_bar import FITS, MAKE_ROOM, EstimateView, place, verdict
from workbench.gui.models.server_details import ServerDetails
from workbench.gui.models.try_prompt import TryPrompt
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import icon_button, link, primary, secondary
from workbench.gui.widgets.labels import ElidedLabel, hairline, label
from workbench.gui.widgets.notice import Notice
from workbench.gui.widgets.number_field import NumberField
from workbench.gui.widgets.pane import field
from workbench.gui.widgets.segmented import Segmented
from workbench.services.model_sources import missing_for
from workbench.services.models import Machine, ModelInfo, Models
from workbench.wording import gigabytes, parameters

DTYPES = {
    "auto": "As in its files", "float32": "float32", "bfloat16": "bfloat16", "float16": "float16", "int8": "8 bit",
    "nf4": "4 bit",
}
QUANTISED = ("int8", "nf4")                      # by bitsandbytes, while loading
ESTIMATED_CONTEXT = 4096


class ModelDetails(QWidget):
    """``loading_changed`` has (device, dtype); ``acted`` what the menu or a button asks for."""

    loading_changed = Signal(str, str)
    acted = Signal(str)                              # current | remove | again | folder | settings

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setProperty("bg", "surface")
        self.session = session
        self._model: ModelInfo | None = None
        self._machine: Machine | None = None
        self._title = ElidedLabel("", "title")
        self._says = label("", "small", wrap=True)
        self._parts = Segmented(["Memory", "Facts", "Try it"], name="Details")
        self.trial = TryPrompt(session)
        self._stack = QStackedWidget()
        self._menu = QMenu(self)
        self._use = primary("Use this model", "check")
        self._build()
        self._parts.changed.connect(self._stack.setCurrentIndex)
        self._use.clicked.connect(lambda: self.acted.emit("current"))

    # -- building

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(20, 12, 12, 12)
        head.setSpacing(6)
        row = QHBoxLayout()
        row.addWidget(self._title, 1)
        more = icon_button("more", "More")
        more.setMenu(self._menu)
        self._again = self._menu.addAction("Read its files again", lambda: self.acted.emit("again"))
        self._folder = self._menu.addAction("Show its folder", lambda: self.acted.emit("folder"))
        self._settings = self._menu.addAction("Server settings…", lambda: self.acted.emit("settings"))
        self._menu.addSeparator()
        self._menu.addAction("Remove from the project…", lambda: self.acted.emit("remove"))
        row.addWidget(more)
        head.addLayout(row)
        head.addWidget(self._says)
        head.addSpacing(2)
        head.addWidget(self._parts)
        column.addLayout(head)
        column.addWidget(hairline())
        self._first = QStackedWidget()
        self.server = ServerDetails()
        self.server.asked.connect(lambda: self.acted.emit("again"))
        self._first.addWidget(_scrolled(self._memory_part()))
        self._first.addWidget(_scrolled(self.server))
        self._stack.addWidget(self._first)
        self._stack.addWidget(_scrolled(self._facts_part()))
        self._stack.addWidget(self.trial)
        column.addWidget(self._stack, 1)
        column.addWidget(hairline())
        foot = QHBoxLayout()
        foot.setContentsMargins(20, 9, 16, 9)
        self._current = label("Jobs use this model", "small", tone="ok")
        foot.addWidget(self._current)
        foot.addStretch(1)
        foot.addWidget(self._use)
        column.addLayout(foot)

    def _memory_part(self) -> QWidget:
        self.dtype, self.device = QComboBox(), QComboBox()
        for dtype, text in DTYPES.items():
            self.dtype.addItem(text, dtype)
        for combo in (self.dtype, self.device):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(6)
            combo.activated.connect(self._loading_chosen)
        self.context, self.batch = NumberField(1, 1_000_000, ESTIMATED_CONTEXT), NumberField(1, 1024, 1)
        for spin in (self.context, self.batch):
            spin.valueChanged.connect(lambda value: self._estimate())
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(20, 12, 20, 16)
        column.setSpacing(10)
        for pair in ((field("Type", self.dtype), field("Device", self.device)),
                     (field("Context", self.context), field("Batch", self.batch))):
            row = QHBoxLayout()
            row.setSpacing(8)
            for part in pair:
                row.addWidget(part, 1)
            column.addLayout(row)
        self._lacking = label("", "faint", wrap=True)
        self._lacking.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self._lacking)
        column.addSpacing(4)
        column.addWidget(label("Memory estimate", "section"))
        self._estimate_view = EstimateView()
        column.addWidget(self._estimate_view)
        self._notice = Notice("", "warn")
        self._problem = Notice("", "bad")
        for notice in (self._notice, self._problem):
            column.addWidget(notice)
            notice.hide()
        column.addStretch(1)
        return made

    def _facts_part(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(20, 12, 20, 16)
        column.setSpacing(12)
        self._form = FactsForm()
        column.addLayout(self._form)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._verify = secondary("Verify files", "check")
        self._verify.setToolTip("Hash the files again and compare with the hash from when the model was added")
        self._verify.clicked.connect(self._start_verifying)
        row.addWidget(self._verify)
        copy = link("Copy hash")
        copy.clicked.connect(self._copy_hash)
        row.addWidget(copy)
        row.addStretch(1)
        column.addLayout(row)
        self._verified = label("", "small", wrap=True)
        column.addWidget(self._verified)
        column.addStretch(1)
        return made

    # -- showing

    def show_model(self, model: ModelInfo | None) -> None:
        new = model is None or self._model is None or model.ref.id != self._model.ref.id
        self._model = model
        usable = model is not None and model.state == "ready"
        self.setEnabled(model is not None)
        self._title.setText(model.ref.name if model else "")
        self._says.setText(_sentence(model))
        self._use.setVisible(usable and model is not None and not model.current)
        self._use.setEnabled(not self.session.read_only)
        self._current.setVisible(model is not None and model.current)
        self.trial.show_model(model.ref if model else None, usable)
        self._problem.setVisible(model is not None and bool(model.reason))
        if model is None:
            return
        served = model.ref.backend is Backend.OPENAI
        self._first.setCurrentIndex(1 if served else 0)
        self._parts.set_text(0, "Server" if served else "Memory")
        self._parts.button(1).setVisible(not served)
        if served:
            self.server.show_model(model, read_only=self.session.read_only)
            if self._parts.current() == 1:
                self.show_part(0)
        self._again.setText("Ask its server again" if served else "Read its files again")
        self._folder.setVisible(not served)
        self._settings.setVisible(served)
        self._problem.set_text(model.reason)
        self._show_types(model)
        self.dtype.setCurrentIndex(max(self.dtype.findData(model.ref.dtype), 0))
        self._fill_devices()
        self.dtype.setEnabled(not self.session.read_only and model.ref.backend is not Backend.OPENAI)
        self.device.setEnabled(not self.session.read_only and model.ref.backend is not Backend.OPENAI)
        self.dtype.setEnabled(self.dtype.isEnabled() and not (model.facts and model.facts.quantisation))
        if new:
            self._verified.setText("")
            if model.facts is not None:
                self.context.setMaximum(max(model.facts.context, 1))
                self.context.setValue(min(model.facts.context, ESTIMATED_CONTEXT))
            self.batch.setValue(1)
        self._show_facts(model)
        self._estimate()

    def show_machine(self, machine: Machine) -> None:
        self._machine = machine
        if self._model is not None:
            self._show_types(self._model)
        self._fill_devices()
        self._estimate()

    def show_part(self, index: int) -> None:
        """0 memory, 1 facts, 2 trying it."""
        self._parts.set_current(index)

    def _show_types(self, model: ModelInfo) -> None:
        """8 and 4 bit are greyed out where what they need is missing, and a line says what installs it; for a GGUF file
        it says what lets it use a graphics card."""
        lacking = missing_for("bitsandbytes")
        for dtype in QUANTISED:
            item = _item(self.dtype, self.dtype.findData(dtype))
            item.setEnabled(not lacking and model.ref.backend is Backend.TRANSFORMERS)
            item.setToolTip(lacking)
        gguf = model.ref.backend is Backend.LLAMA_CPP
        _item(self.dtype, self.dtype.findData("bfloat16")).setEnabled(not gguf)
        if gguf:
            self._lacking.setText(Models.card_note())
            self._lacking.setVisible(self._without_cards())
            return
        self._lacking.setText(lacking)
        packed = model.facts is not None and bool(model.facts.quantisation)
        self._lacking.setVisible(bool(lacking) and model.ref.backend is Backend.TRANSFORMERS and not packed)

    def _without_cards(self) -> bool:
        """Whether there is a card that this model cannot use, as llama.cpp is built."""
        gguf = self._model is not None and self._model.ref.backend is Backend.LLAMA_CPP
        return gguf and self._machine is not None and bool(self._machine.gpus) and bool(Models.card_note())

    def _fill_devices(self) -> None:
        wanted = self._model.ref.device if self._model else "auto"
        without = self._without_cards()
        self.device.clear()
        self.device.addItem("Automatic", "auto")
        self.device.addItem("Processor", "cpu")
        for index, (name, _, _) in enumerate(self._machine.gpus if self._machine else ()):
            data = "mps" if name == "Apple GPU" else f"cuda:{index}"
            self.device.addItem(name, data)
            _item(self.device, self.device.count() - 1).setEnabled(not without)
        if self.device.findData(wanted) < 0:
            self.device.addItem(wanted, wanted)
        self.device.setCurrentIndex(self.device.findData(wanted))

    def _estimate(self) -> None:
        project, model = self.session.project, self._model
        if project is None or model is None or model.facts is None or self._machine is None:
            self._estimate_view.hide()
            return
        needed = project.models.estimate(
            model.facts, str(self.dtype.currentData()), self.context.value(), self.batch.value())
        device = "cpu" if self._without_cards() else str(self.device.currentData())
        where, total, free = place(self._machine, device)
        self._estimate_view.show()
        self._estimate_view.show_estimate(needed, free, total)
        text = _advice(needed, where, total, free)
        self._notice.set_text(text)
        self._notice.setVisible(bool(text))

    def _show_facts(self, model: ModelInfo) -> None:
        self._form.show_facts(_facts(model))
        self._verify.setEnabled(model.facts is not None and Path(model.ref.path).exists())

    # -- acting

    def _loading_chosen(self, index: int) -> None:
        self._estimate()
        self.loading_changed.emit(str(self.device.currentData()), str(self.dtype.currentData()))

    def _copy_hash(self) -> None:
        if self._model is not None:
            QGuiApplication.clipboard().setText(self._model.ref.sha256)

    def _start_verifying(self) -> None:
        model = self._model
        if model is None:
            return
        self._verify.setEnabled(False)
        self._verified.setText("Reading the files…")
        base = Path(model.ref.base) if model.ref.base else None
        self.session.background(lambda: Models.read(Path(model.ref.path), base).sha256,
                                self._verified_as(model), self._not_verified, owner=self)

    def _verified_as(self, model: ModelInfo) -> Callable[[str], None]:
        def done(found: str) -> None:
            self._verify.setEnabled(True)
            if self._model is None or self._model.ref.id != model.ref.id:
                return
            self._verified.setText(
                "Unchanged since the model was added." if found == model.ref.sha256 else
                "The files have changed since the model was added, so jobs refuse to load it. If you changed them "
                "yourself, choose “Read its files again” in the menu above.")

        return done

    def _not_verified(self, error: Exception) -> None:
        self._verify.setEnabled(True)
        self._verified.setText(str(error))


def _advice(needed: MemoryEstimate, where: str, total: int, free: int) -> str:
    word = verdict(needed.total, free, total)
    if word == FITS and needed.total <= 0.9 * free:
        return ""
    if word == FITS:
        return f"It takes more than nine tenths of what is free in {where}."
    if word == MAKE_ROOM:
        return (f"Needs {gigabytes(needed.total - free)} more than is free in {where}. Close other programs, or choose "
                "a smaller type, context or batch.")
    return (f"Needs {gigabytes(needed.total)}; {where} has {gigabytes(total)} in all. Choose a smaller type, context "
            "or batch, or a smaller model.")


def _sentence(model: ModelInfo | None) -> str:
    if model is None:
        return ""
    if model.ref.server is not None:
        return "Runs on a server; " + ("it scores and answers" if model.ref.server.scoring else "it answers")
    facts = model.facts
    if facts is None:
        return model.reason
    vocabulary = f"{facts.vocabulary:,}".replace(",", "\N{NO-BREAK SPACE}")
    return f"{parameters(facts.parameters)} parameters, {facts.layers} layers, vocabulary of {vocabulary}"


def _facts(model: ModelInfo) -> list[tuple[str, str]]:
    facts = model.facts
    kind = "Adapter" if model.ref.base else "Folder" if Path(model.ref.path).is_dir() else "File"
    found = [(kind, model.ref.path), *([("Base model", model.ref.base)] if model.ref.base else [])]
    if facts is None:
        return found
    heads = f"{facts.heads}" + (f", {facts.kv_heads} for keys and values" if facts.kv_heads != facts.heads else "")
    return [
        ("Architecture", facts.architecture), ("Parameters", parameters(facts.parameters)),
        ("Layers", str(facts.layers)), ("Hidden size", f"{facts.hidden_size}"), ("Attention heads", heads),
        ("Vocabulary", f"{facts.vocabulary:,}".replace(",", "\N{NO-BREAK SPACE}")),
        ("Context", f"{facts.context:,} tokens".replace(",", "\N{NO-BREAK SPACE}")),
        ("Type in its files", facts.dtype), *([("Quantised by", facts.quantisation)] if facts.quantisation else []),
        ("Chat template", "yes" if facts.chat_template else "no"),
        ("On disk", f"{gigabytes(facts.size_bytes)} in {len(facts.files)} files"), *found,
        ("SHA-256", f"{facts.sha256[:16]}…"),
    ]


def _scrolled(widget: QWidget) -> QScrollArea:
    widget.setProperty("scrolled", "1")
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(widget)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


def _item(box: QComboBox, place: int) -> QStandardItem:
    """An entry of a combo box, to be greyed out."""
    items = box.model()
    assert isinstance(items, QStandardItemModel)     # as a combo box makes it
    return items.item(place)
