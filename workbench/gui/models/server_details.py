"""The details of a served model: where it is and what its server was found to do."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.models.facts_form import FactsForm
from workbench.gui.widgets.buttons import secondary
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.notice import Notice
from workbench.services.models import ModelInfo
from workbench.wording import counted


class ServerDetails(QWidget):
    """``asked`` when the server is to be probed again."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 12, 20, 16)
        column.setSpacing(12)
        self._form = FactsForm()
        column.addLayout(self._form)
        self._note = Notice("", "warn")
        column.addWidget(self._note)
        self.again = secondary("Ask again", "undo")
        self.again.setToolTip("Ask the server again what it can do")
        self.again.clicked.connect(self.asked)
        row = QHBoxLayout()
        row.addWidget(self.again)
        row.addStretch(1)
        column.addLayout(row)
        self.says = label("", "small", wrap=True)
        column.addWidget(self.says)
        column.addStretch(1)

    def show_model(self, model: ModelInfo, *, read_only: bool) -> None:
        self._form.show_facts(rows(model))
        server = model.ref.server
        lacks = server is not None and not server.scoring
        self._note.setVisible(lacks)
        if server is not None and lacks:
            self._note.set_text(" ".join(filter(None, (
                "It can answer and judge, but not score: the server gives no log-probabilities of prompts.",
                server.note,
                "vLLM gives them, and llama-cpp-python’s server with logits_all."))))
        self.again.setEnabled(not read_only)


def rows(model: ModelInfo) -> list[tuple[str, str]]:
    server = model.ref.server
    if server is None:
        return [("Server", model.ref.url)]
    context = f"{server.context:,} tokens".replace(",", "\N{NO-BREAK SPACE}") if server.context else "not told"
    minute = f", at most {server.requests_per_minute} a minute" if server.requests_per_minute else ""
    return [
        ("Server", model.ref.url), ("Model", server.model), ("Chat", _yes(server.chat)),
        ("Text completions", _yes(server.completions)), ("Scores of prompts", _yes(bool(server.scoring))),
        ("Context", context),
        ("Token counts", "its own in runs, estimated while typing" if server.tokenising else "estimated"),
        ("Requests", f"{server.concurrency} at a time{minute}"),
        ("Gives up after", f"{counted(server.attempts, 'attempt')} of {server.timeout:g} s"),
    ]


def _yes(there: bool) -> str:
    return "yes" if there else "no"
