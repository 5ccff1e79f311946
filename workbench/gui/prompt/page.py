"""The page Prompt: rules, template, the ordered demonstrations, the token budget, and the exact text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from workbench.domain import Changes, Kind
from workbench.gui.prompt.actions import PromptActions, doubtful
from workbench.gui.prompt.budget_bar import BudgetBar
from workbench.gui.prompt.card_list import PromptList, gain_width
from workbench.gui.prompt.cards import PromptCards
from workbench.gui.prompt.settings import PromptSettings
from workbench.gui.shell import settings
from workbench.gui.shell.page import Page
from workbench.gui.shell.reader import Reader
from workbench.gui.shell.session import Session
from workbench.gui.widgets.buttons import ghost, link, primary, secondary
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.exact_text import ExactText
from workbench.gui.widgets.glyphs import say_interval
from workbench.gui.widgets.keycaps import KeyHints
from workbench.gui.widgets.labels import ElidedLabel, hairline, label, set_property
from workbench.gui.widgets.notice import Notice
from workbench.gui.widgets.pane import splitter
from workbench.gui.widgets.segmented import Segmented
from workbench.services.project import Project
from workbench.services.prompt_reading import PromptState, read_prompt
from workbench.services.results import OrderEffect, PromptEffect
from workbench.services.tokenizers import Tokenizers
from workbench.wording import counted, percent, plain, signed

_KINDS = (Kind.PROMPT, Kind.DEMONSTRATION, Kind.SCORE, Kind.MODEL, Kind.QUESTION_SET)


NARROW = 1200                        # a narrower page shows the order or the exact text


class PromptPage(Page):
    name = "prompt"
    title = "Prompt"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.tokenizers = Tokenizers()
        self.cards = PromptCards(self)
        self.list = PromptList(self.cards)
        self.bar = BudgetBar()
        self.text = ExactText()
        self.settings = PromptSettings()
        self.reader = Reader(session, self, self._question, self._arrived, wait_ms=30)
        self.commands = PromptActions(session, self.cards, self.list, self.settings, self.tokenizers, self)
        self._build()
        self._connect()
        self.reader.read_soon()

    @property
    def state(self) -> PromptState:
        return self.commands.state

    # Building

    def _build(self) -> None:
        header = self.header(line=False)         # it is below the budget
        self.compare_button = ghost("Compare drafts", "split")
        self.measure_button = secondary("Measure", "play")
        self.measure_button.setToolTip("Measure the whole prompt, and what each demonstration adds to the others")
        self.tabs = Segmented(("Order", "Exact text"), name="Show")      # where there is no room for both
        header.add_tool(self.tabs)
        header.add_tool(self.compare_button)
        header.add_tool(self.measure_button)
        self.copy_button = header.set_primary(primary("Copy prompt", "copy"))
        self.copy_button.setToolTip("Copy prompt, Ctrl+Shift+C")
        self._whole = QWidget()
        column = QVBoxLayout(self._whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        budget = QHBoxLayout()
        budget.setContentsMargins(20, 0, 20, 12)
        budget.addWidget(self.bar)
        column.addLayout(budget)
        column.addWidget(hairline())
        self._order = left = self._left()
        left.setMinimumWidth(480)
        self.text.setMinimumWidth(300)
        self.text.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.text.setProperty("bg", "canvas")
        self._panes = splitter(Qt.Orientation.Horizontal, left, self.text,
                               sizes=[610, 390], stretch=0, remembered=settings.PROMPT_PANES)
        self._panes.setStretchFactor(0, 61)
        self._panes.setStretchFactor(1, 39)
        column.addWidget(self._panes, 1)
        self._none = self._no_prompt()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._whole)
        self._stack.addWidget(self._none)
        self.body.addWidget(self._stack, 1)

    def _left(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(20, 14, 20, 12)
        column.setSpacing(6)
        column.addWidget(self.settings)
        column.addSpacing(8)
        titles = QHBoxLayout()
        titles.addWidget(label("Order in the prompt", "section"))
        titles.addStretch(1)
        self._gain_title = label("What this one brings, 95\u00a0%", "section")
        self._gain_title.setMinimumWidth(round(gain_width()) - 8)
        titles.addWidget(self._gain_title)
        column.addLayout(titles)
        self._no_cards = EmptyState("prompt", "No demonstrations in this prompt",
                                    "Add some here, drag them in, or press P in the table.")
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        column.addWidget(self.list, 100)
        column.addWidget(self._no_cards)
        column.addWidget(self._effect())
        self._over = Notice("", "bad")
        self.without_button = link("Try without it")
        self._doubt = Notice("", "warn", self.without_button)
        for notice in (self._over, self._doubt):
            notice.hide()
            column.addWidget(notice)
        column.addSpacing(2)
        foot = QHBoxLayout()
        foot.setSpacing(10)
        self.add_button = secondary("Add demonstration", "plus")
        self.fill_button = ghost("Fill the rest by search", "rank")
        foot.addWidget(self.add_button)
        foot.addWidget(self.fill_button)
        foot.addStretch(1)
        self._hints = KeyHints((("Alt+↑", "move up"), ("Alt+↓", "move down"), ("Del", "remove")))
        foot.addWidget(self._hints)
        column.addLayout(foot)
        column.addStretch(1)
        return left

    def _effect(self) -> QWidget:
        """What was measured of the whole: against no demonstrations, and against other orders of them."""
        self._effect_row = QWidget()
        grid = QGridLayout(self._effect_row)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        self._effect_words, self._order_words = label("", "strong"), label("", "strong")
        self.orders_button, self.details_button = link("Try other orders"), link("Details…")
        for row, (words, found, button) in enumerate((
                ("Whole prompt against no demonstrations", self._effect_words, self.details_button),
                ("This order of them", self._order_words, self.orders_button))):
            grid.addWidget(ElidedLabel(words, "small"), row, 0)
            grid.addWidget(found, row, 1, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(button, row, 2, Qt.AlignmentFlag.AlignRight)
        return self._effect_row

    def _no_prompt(self) -> EmptyState:
        make, demos = primary("New prompt", "plus"), secondary("Choose demonstrations", "demos")
        make.clicked.connect(lambda: self.commands.act("new"))
        demos.clicked.connect(lambda: self.session.open_page("demonstrations"))
        return EmptyState("prompt", "No prompt yet",
                          "Start an empty one, or press P on a demonstration to begin with it.", (demos, make))

    def _connect(self) -> None:
        commands = self.commands
        for button, run in ((self.copy_button, commands.copy), (self.add_button, commands.add),
                            (self.fill_button, commands.fill), (self.measure_button, commands.measure),
                            (self.compare_button, commands.compare), (self.without_button, commands.try_without),
                            (self.orders_button, commands.measure_orders),
                            (self.details_button, commands.show_details)):
            button.clicked.connect(run)
        self.session.current_prompt_changed.connect(self.reader.read_soon)
        self.tabs.changed.connect(lambda tab: self._share())
        self.session.closing.connect(self.settings.save)
        self.list.current_changed.connect(self._show_current)
        self.list.hovered.connect(lambda place: self.bar.light(place))
        self.bar.hovered.connect(self.list.light)
        self.bar.chosen.connect(self.list.choose)
        self.text.place_clicked.connect(self.list.choose)

    # Reading

    def _question(self) -> Callable[[Project], PromptState]:
        wanted, tokenizers = self.session.current_prompt_id, self.tokenizers
        return lambda project: read_prompt(project, wanted, tokenizers)

    def _arrived(self, state: PromptState) -> None:
        self.commands.state = state
        self._stack.setCurrentWidget(self._whole if state.prompt is not None else self._none)
        for button in (self.compare_button, self.measure_button, self.copy_button):
            button.setVisible(state.prompt is not None)
        self._share()
        if state.prompt is None:
            self.header().set_subtitle("")
        else:
            self._show(state)

    def _show(self, state: PromptState) -> None:
        prompt, read_only = state.prompt, self.session.read_only
        assert prompt is not None
        if self.session.current_prompt_id is None and prompt.id is not None:
            self.session.current_prompt_id = prompt.id
        self.header().set_subtitle(f"{counted(len(state.cards), 'demonstration')}, draft {prompt.version}")
        self.settings.show_prompt(state.prompts, prompt, state.problem, read_only=read_only)
        self._show_cards(state)
        self.bar.show_budget(state.budget)
        self.bar.setVisible(bool(state.budget.segments))
        hint = "" if state.tokens is None else f"{counted(state.tokens, 'token')} with {state.budget.model}"
        if state.rendered is not None:
            self.text.show_text(state.rendered, state.offsets, hint)
        self._show_notices(state)
        self._show_current(self.list.currentIndex().row())
        for button in (self.add_button, self.fill_button):
            button.setEnabled(not read_only)
        self.measure_button.setEnabled(not read_only and bool(state.cards))
        self.copy_button.setEnabled(state.rendered is not None)

    def _show_cards(self, state: PromptState) -> None:
        self.list.show_cards(state.cards)
        self.list.setMaximumHeight(self.list.content_height())
        self.list.setMinimumHeight(min(self.list.content_height(), 132))
        self.list.setVisible(bool(state.cards))
        self._gain_title.setVisible(bool(state.cards))
        self._no_cards.setVisible(not state.cards)
        self._show_effect(state)

    def _show_effect(self, state: PromptState) -> None:
        effect = state.effect
        self._effect_row.setVisible(bool(state.cards))
        self._effect_words.setText("Not measured" if effect is None else effect_words(effect))
        set_property(self._effect_words, "r", "faint" if effect is None else "strong")
        orders = effect.orders if effect is not None else None
        self._order_words.setText("Not measured" if orders is None else order_words(orders))
        set_property(self._order_words, "r", "faint" if orders is None else "strong")
        self.details_button.setVisible(effect is not None)
        self.orders_button.setVisible(orders is None and len(state.cards) > 1 and not self.session.read_only)
        tone = "" if effect is None else "gain" if effect.gain.low > 0 else "loss" if effect.gain.high < 0 else ""
        set_property(self._effect_words, "tone", tone)
        self._effect_row.setToolTip("Measure compares the whole prompt with the same prompt without demonstrations"
                                    if effect is None else say_interval(effect.gain).capitalize())
        self._gain_title.setToolTip(
            "What each adds to the others: the answers' likelihood with all of them,\nminus that without this one, "
            "in nats per answer" if effect is not None else "The latest measured gain of each demonstration when it "
            "is added to a prompt,\nin nats per answer, with its 95\u00a0% interval")

    def _show_notices(self, state: PromptState) -> None:
        self._over.setVisible(state.over > 0)
        if state.over:
            self._over.set_text(f"The prompt is {counted(state.over, 'token')} too long for {state.budget.model}. "
                                "Take out a demonstration, shorten one, or choose a model with a longer context.")
        harmful = doubtful(state.cards)
        self._doubt.setVisible(harmful is not None)
        if harmful is not None:
            card = state.cards[harmful]
            costs = "" if card.tokens is None else f" costs {counted(card.tokens, 'token')} and"
            surely = card.gain is not None and card.gain.high < 0
            self._doubt.set_text(f"Number {harmful + 1}{costs} {'seems to' if surely else 'may'} lower the score.")
            self.without_button.setText(f"Try without number {harmful + 1}")

    def _show_current(self, place: int) -> None:
        self.bar.select(place)
        self.text.highlight(place)

    # The window's side

    def shown(self, **arguments: Any) -> None:
        """``prompt_id`` shows that prompt, ``job`` what a job measured of one."""
        if arguments.get("job") is not None:
            self.commands.show_measured(int(arguments["job"]))
        if arguments.get("prompt_id") is not None:
            self.session.current_prompt_id = int(arguments["prompt_id"])
        self.reader.catch_up()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self, changes: Changes) -> None:
        if any(changes.concerns(kind) for kind in _KINDS):
            self.reader.read_soon()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """Below NARROW the order or the exact text is seen, elsewhere both."""
        narrow = self.width() < NARROW
        self.tabs.setVisible(narrow and self.state.prompt is not None)
        self._hints.setVisible(bool(self.state.cards) and self.width() >= 1000)
        self._order.setVisible(not narrow or self.tabs.current() == 0)
        self.text.setVisible(not narrow or self.tabs.current() == 1)

    def panes(self) -> list[QWidget]:
        return [self.tabs.button(self.tabs.current()), self.bar, self.settings.chooser, self.list, self.text.view]

    def busy(self) -> bool:
        return self.reader.busy()

    def hideEvent(self, event: QHideEvent) -> None:
        self.settings.save()
        super().hideEvent(event)


def effect_words(effect: PromptEffect) -> str:
    """ "+0.89 nats per answer, 0.60 to 1.18  ·  win rate 71 %" """
    gain = effect.gain
    return (f"{signed(gain.mean)} nats per answer, {plain(gain.low)} to {plain(gain.high)}  ·  "
            f"win rate {percent(effect.win_rate)}")


def order_words(orders: OrderEffect) -> str:
    """ "number 3 of 24, the best is 0.12 better" """
    if orders.rank == 1:
        return f"the best of {orders.tried}"
    return f"number {orders.rank} of {orders.tried}, the best is {plain(orders.best)} better"
