"""The exact text that a contestant's model saw, with the settings that its answer was drawn with."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from workbench.domain import Answer, Contestant, Rendered
from workbench.gui.charts.chart import one_line
from workbench.gui.widgets.buttons import secondary
from workbench.gui.widgets.exact_text import ExactText
from workbench.gui.widgets.labels import ElidedLabel, hairline, label
from workbench.wording import counted


class PromptDialog(QDialog):
    """The prompt of a question's last answered turn: it holds the earlier ones."""

    def __init__(self, contestant: Contestant, answer: Answer, rendered: Rendered, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Exact prompt of {one_line(contestant.name)}")
        self.resize(860, 660)
        facts = QGridLayout()
        facts.setContentsMargins(20, 14, 20, 12)
        facts.setHorizontalSpacing(16)
        facts.setVerticalSpacing(4)
        for number, (name, value) in enumerate(prompt_facts(contestant, answer)):
            row, column = divmod(number, 2)
            facts.addWidget(label(name, "section"), row, 2 * column)
            facts.addWidget(ElidedLabel(one_line(value), "small"), row, 2 * column + 1)
            facts.setColumnStretch(2 * column + 1, 1)
        self.text = ExactText()
        self.text.switch.hide()
        self.text.show_text(rendered, (), counted(len(rendered.text), "character"))
        close = secondary("Close")
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 10, 16, 12)
        foot.addStretch(1)
        foot.addWidget(close)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(facts)
        whole.addWidget(hairline())
        whole.addWidget(self.text, 1)
        whole.addWidget(hairline())
        whole.addLayout(foot)


def prompt_facts(contestant: Contestant, answer: Answer) -> list[tuple[str, str]]:
    """What made an answer, by name: model, prompt, each decoding setting, and what the job noted."""
    decoding, prompt = contestant.decoding, contestant.prompt
    found = [
        ("Model", contestant.model.name),
        ("Prompt", "none" if prompt is None else f"{prompt.name or 'unnamed'}, {prompt.template[:40]} template, "
                                                 f"{counted(len(prompt.demonstrations), 'demonstration')}"),
        ("Temperature", f"{decoding.temperature:g}" + (" (greedy)" if decoding.temperature <= 0 else "")),
        ("Top-p, top-k, min-p", f"{decoding.top_p:g}, {decoding.top_k or 'off'}, {decoding.min_p or 'off'}"),
        ("Repetition penalty", f"{decoding.repetition_penalty:g}"),
        ("Most tokens", str(decoding.max_tokens)),
        ("Seed", str(answer.seed)),
        ("Stop strings", ", ".join(repr(one) for one in decoding.stop) or "the template's"),
    ]
    return found + [(name.replace("_", " ").capitalize(), str(value)) for name, value in sorted(answer.facts.items())]
