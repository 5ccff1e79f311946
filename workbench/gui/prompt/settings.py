"""Which prompt is shown, its template and its rules."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from workbench.domain import Prompt
from workbench.gui.widgets import theme
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.turn_card import GrowingEdit
from workbench.prompts import TEMPLATES, is_source
from workbench.services.prompts import PromptInfo

OWN = "Your own template"
EXAMPLE = """{{ rules }}

{% for demonstration in demonstrations %}Question: {{ demonstration.instruction }}
Answer: {{ demonstration.answer }}

{% endfor %}{% for turn in turns %}{% if turn.role == "user" %}Question: {{ turn.text }}
Answer: {% else %}{{ turn.text }}

{% endif %}{% endfor %}"""


class PromptSettings(QWidget):
    """Signals carry what the person chose or wrote; nothing is shown as changed before the project says so."""

    prompt_chosen = Signal(int)
    template_chosen = Signal(str)                    # a name, or a template's source
    rules_written = Signal(str)
    action_pressed = Signal(str)                     # new | rename | duplicate | export | delete

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stored = Prompt()
        self._read_only = False
        self.chooser = ElidedCombo("Prompt", 8)
        self.template = ElidedCombo("Template", 8)
        for template in TEMPLATES.values():
            self.template.addItem(template.title, template.name)
        self.template.addItem(OWN, "")
        self.more = icon_button("more", "More for this prompt")
        self.more.setMenu(self._menu())
        theme.notifier.changed.connect(self._retheme)
        self.rules = GrowingEdit("Rules", bare=False, least_lines=1, most_lines=6)
        self.rules.setPlaceholderText("What the model is told before the demonstrations, for example how to answer")
        self.source = GrowingEdit("Template source", bare=False, least_lines=3, most_lines=12, mono=True)
        self._problem = label("", "error", wrap=True)
        self._source_title = label("Template source", "section")
        self._lay_out()
        self.chooser.activated.connect(lambda index: self.prompt_chosen.emit(self.chooser.itemData(index)))
        self.template.activated.connect(self._template_activated)
        self.rules.focus_changed.connect(lambda on: None if on else self.save())
        self.source.focus_changed.connect(lambda on: None if on else self.save())

    def _retheme(self) -> None:
        self.more.setMenu(self._menu())          # its icons

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        for id, title, icon in (("new", "New prompt", "plus"), ("rename", "Rename…", "edit"),
                                ("duplicate", "Duplicate", "copy"), ("export", "Export…", "export"),
                                ("delete", "Delete prompt", "trash")):
            if id == "delete":
                menu.addSeparator()
            action = menu.addAction(theme.icon(icon), title, partial(self.action_pressed.emit, id))
            action.setData(id)
        menu.aboutToShow.connect(self._allow)
        return menu

    def _allow(self) -> None:
        """Of a prompt that is open for reading only a copy can be taken away."""
        for action in self.more.menu().actions():
            action.setEnabled(action.data() == "export" or not self._read_only)

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(8)
        for title, box, share in (("Prompt", self.chooser, 4), ("Template", self.template, 6)):
            name = label(title, "section")
            name.setBuddy(box)
            first.addWidget(name)
            first.addWidget(box, share)
            if box is self.chooser:
                first.addWidget(self.more)
                first.addSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(first)
        column.addSpacing(8)
        rules = label("Rules", "section")
        rules.setBuddy(self.rules)
        self._source_title.setBuddy(self.source)
        for widget in (rules, self.rules, self._source_title, self.source, self._problem):
            column.addWidget(widget)

    def show_prompt(self, prompts: Sequence[PromptInfo], prompt: Prompt, problem: str, *, read_only: bool) -> None:
        """Show what is stored; what is being typed stays while the same prompt is shown."""
        same, before = prompt.id == self._stored.id, self._stored
        self._stored = prompt
        self.chooser.clear()
        for info in prompts:
            self.chooser.addItem(info.name, info.id)
        self.chooser.setCurrentIndex(self.chooser.findData(prompt.id))
        own = is_source(prompt.template)
        self.template.setCurrentIndex(self.template.findData("" if own else prompt.template))
        for field, text, old in ((self.rules, prompt.rules, before.rules),
                                 (self.source, prompt.template if own else "", before.template)):
            typing = same and field.hasFocus() and field.toPlainText() != old
            if not typing and field.toPlainText() != text:
                field.setPlainText(text)
        self.source.setVisible(own)
        self._source_title.setVisible(own)
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        for widget in (self.template, self.rules, self.source):
            widget.setEnabled(not read_only)
        self._read_only = read_only
        self._allow()

    def save(self) -> None:
        """Send off what was typed."""
        rules = self.rules.toPlainText()
        if rules != self._stored.rules and self.rules.isEnabled():
            self.rules_written.emit(rules)
        source = self.source.toPlainText()
        if self.source.isVisible() and source != self._stored.template and is_source(source):
            self.template_chosen.emit(source)

    def _template_activated(self, index: int) -> None:
        name = self.template.itemData(index)
        if not name and not is_source(self._stored.template):
            name = EXAMPLE
        if name and name != self._stored.template:
            self.template_chosen.emit(name)
