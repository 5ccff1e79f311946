"""Trying a model: a question, perhaps one of the project's prompts before it, and the answer as it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.domain import JobState, ModelRef, Prompt
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import icon_button, secondary
from workbench.gui.widgets.decoding_fields import DecodingFields
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.pane import field
from workbench.gui.widgets.safe_text import PlainText
from workbench.jobs.events import Failed, Finished, StateChanged, Stopped, Text
from workbench.jobs.kinds.generate import GenerateResult, GenerateSpec
from workbench.services.project import Project
from workbench.services.prompts import PromptInfo


class _Question(QPlainTextEdit):
    """Ctrl+Enter asks."""

    def __init__(self, ask: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ask = ask

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and \
                event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._ask()
        else:
            super().keyPressEvent(event)


class TryPrompt(QWidget):
    """Runs a generate job and shows its text as it is streamed."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._ref: ModelRef | None = None
        self._job: int | None = None
        self.question = _Question(self.ask)
        self.question.setPlaceholderText("Ask something")
        self.question.setTabChangesFocus(True)
        self.question.setFixedHeight(84)
        self.prompts = QComboBox()
        self.prompts.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.prompts.setMinimumContentsLength(6)
        self.decoding = DecodingFields(tokens=128)
        self.answer = PlainText(accessible="Answer")
        self.answer.setProperty("k", "")
        self.answer.setPlaceholderText("The answer appears here.")
        self._says = label("", "small", wrap=True)
        self._go = secondary("Answer", "play")
        self._go.setToolTip("Answer, Ctrl+Enter")
        self._stop = secondary("Stop", "stop")
        self._stop.hide()
        self._build()
        self._go.clicked.connect(self.ask)
        self._stop.clicked.connect(self._cancel)
        session.job_event.connect(self._on_event)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 12, 20, 16)
        column.setSpacing(10)
        column.addWidget(field("After the prompt", self.prompts))
        column.addWidget(self.decoding)
        column.addWidget(field("Question", self.question))
        buttons = QHBoxLayout()
        buttons.addWidget(self._go)
        buttons.addWidget(self._stop)
        buttons.addStretch(1)
        copy = icon_button("copy", "Copy the answer")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.answer.toPlainText()))
        buttons.addWidget(copy)
        column.addLayout(buttons)
        column.addWidget(self.answer, 1)
        column.addWidget(self._says)

    def show_model(self, ref: ModelRef | None, usable: bool) -> None:
        if ref is None or self._ref is None or ref.id != self._ref.id:
            self._say("")
            self.answer.clear()
        self._ref = ref
        self._go.setEnabled(ref is not None and usable and not self._session.read_only)

    def show_prompts(self, prompts: list[PromptInfo]) -> None:
        kept = self.prompts.currentData()
        self.prompts.clear()
        self.prompts.addItem("No prompt", None)
        for prompt in prompts:
            self.prompts.addItem(prompt.name or f"Prompt {prompt.id}", prompt.id)
        wanted = kept if kept is not None else self._session.current_prompt_id
        self.prompts.setCurrentIndex(max(self.prompts.findData(wanted), 0))

    @property
    def running(self) -> bool:
        return self._job is not None

    def ask(self) -> None:
        text = self.question.toPlainText().strip()
        ref = self._ref
        if not text or ref is None or self._job is not None or not self._go.isEnabled():
            self._say("Type a question first." if not text else self._says.text())
            return
        prompt_id, drawn = self.prompts.currentData(), self.decoding.value()

        def work(project: Project) -> int:
            prompt = project.prompts.get(prompt_id) if prompt_id is not None else Prompt(template="plain")
            if ref.server is not None and not ref.server.completions:
                prompt = replace(prompt, template="chat", verbatim="")   # it takes messages only
            spec = GenerateSpec(ref, prompt, (text,), drawn.max_tokens, drawn.temperature, drawn.top_p, drawn.top_k,
                                drawn.repetition_penalty, drawn.seed, drawn.min_p)
            return project.jobs.submit(spec, f"Try {ref.name}")

        self.answer.clear()
        self._say(f"Waiting for {ref.name}…")
        self._show_running(True)
        self._session.ask(work, self._submitted, self._refused, owner=self)

    def _submitted(self, job_id: int) -> None:
        self._job = job_id

    def _refused(self, error: Exception) -> None:
        self._end(str(error))

    def _cancel(self) -> None:
        job_id = self._job
        if job_id is not None:
            self._session.ask(lambda p: p.jobs.cancel(job_id), owner=self)

    def _on_event(self, job_id: int, event: object) -> None:
        if job_id != self._job or self._ref is None:
            return
        if isinstance(event, StateChanged) and event.state is JobState.RUNNING:
            self._say(f"Loading {self._ref.name}…")
        elif isinstance(event, Text):
            self._say("Answering…")
            self.answer.append_text(event.text)
        elif isinstance(event, Finished):
            whole = event.result.answers if isinstance(event.result, GenerateResult) else ()
            if whole and whole[-1] != self.answer.toPlainText():
                self.answer.setPlainText(whole[-1])      # a stop string may have been cut off at the end
            self._end("" if whole and whole[-1].strip() else "The model gave an empty answer.")
        elif isinstance(event, Failed):
            self._end(event.message)
        elif isinstance(event, Stopped):
            self._end("Stopped.")

    def _end(self, text: str) -> None:
        self._job = None
        self._say(text)
        self._show_running(False)

    def _say(self, text: str) -> None:
        self._says.setText(text)
        self._says.setVisible(bool(text))

    def _show_running(self, running: bool) -> None:
        self._go.setVisible(not running)
        self._stop.setVisible(running)
