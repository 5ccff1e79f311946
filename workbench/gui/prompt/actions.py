"""What a person does with prompts: order, measure, compare, name, copy and export them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from workbench.domain import Changes, Kind, Prompt
from workbench.gui.listing.picker import DemonstrationPicker
from workbench.gui.prompt.card_list import PromptList
from workbench.gui.prompt.cards import PromptCards
from workbench.gui.prompt.settings import PromptSettings
from workbench.gui.shell.session import Session
from workbench.gui.widgets import theme
from workbench.jobs.kinds.sensitivity import SensitivitySpec
from workbench.services import searches
from workbench.services.project import Project
from workbench.services.prompt_reading import Card, PromptState
from workbench.services.prompts import PromptInfo
from workbench.services.results import OrderEffect, PromptEffect
from workbench.services.searches import ORDERS
from workbench.services.tokenizers import Tokenizers
from workbench.wording import counted


class PromptActions(QObject):
    """What it does is done with the prompt of ``state``, which the page hands over when it has read it."""

    def __init__(self, session: Session, cards: PromptCards, order: PromptList, settings: PromptSettings,
                 tokenizers: Tokenizers, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._cards, self._order, self._parent = session, cards, order, parent
        self._tokenizers = tokenizers
        self._picker: DemonstrationPicker | None = None
        self.state = PromptState(())
        settings.prompt_chosen.connect(self._choose)
        settings.template_chosen.connect(lambda template: self._edit(
            lambda p, id: p.prompts.set_template(id, template)))
        settings.rules_written.connect(lambda rules: self._edit(lambda p, id: p.prompts.set_rules(id, rules)))
        settings.action_pressed.connect(self.act)
        cards.reordered.connect(self._reorder)
        cards.dropped.connect(self._drop)
        order.remove_pressed.connect(self._remove)
        order.open_pressed.connect(self._open)
        order.customContextMenuRequested.connect(self._open_menu)

    def _choose(self, id: int) -> None:
        self._session.current_prompt_id = id

    # The ordered set

    def _edit(self, work: Callable[[Project, int], Changes]) -> None:
        prompt = self.state.prompt
        if prompt is not None and prompt.id is not None and not self._session.read_only:
            id = prompt.id
            self._session.change(lambda p: work(p, id))

    def _set(self, ids: list[int], select: list[int]) -> None:
        self._order.select_next(select)
        self._edit(lambda p, id: p.prompts.set_demonstrations(id, ids))

    def _reorder(self, ids: list[int]) -> None:
        there = self._cards.ids()
        self._set(ids, [there[place] for place in self._order.places()])

    def _drop(self, ids: list[int], place: int) -> None:
        """Demonstrations from elsewhere, dropped before the card at ``place``."""
        there = self._cards.ids()
        new = [id for id in ids if id not in there]
        if new:
            self._set([*there[:place], *new, *there[place:]], new)
        else:
            self._session.notice.emit("That demonstration is in the prompt already", "info")

    def _remove(self, places: list[int]) -> None:
        there = self._cards.ids()
        left = [id for place, id in enumerate(there) if place not in places]
        after = [id for place, id in enumerate(there) if place > places[-1]] or left[-1:]
        self._set(left, after[:1])

    def try_without(self) -> None:
        """Take out the demonstration that seems to do most harm."""
        place = doubtful(self.state.cards)
        if place is not None:
            self._remove([place])

    def add(self) -> None:
        """Open the window that demonstrations are chosen in."""
        cards = self._cards
        if self._picker is None:
            self._picker = picker = DemonstrationPicker(self._session, self._parent)
            picker.picked.connect(lambda ids: self._drop(ids, cards.rowCount()))
            cards.modelReset.connect(lambda: picker.leave_out(cards.ids()))
        self._picker.leave_out(cards.ids())
        self._picker.show()
        self._picker.raise_()
        self._picker.activateWindow()
        self._picker.field.setFocus()

    def fill(self) -> None:
        self._session.open_page("rankings", form=True)

    # Others

    def copy(self) -> None:
        """The prompt alone, without a question: what goes into a file."""
        from workbench.prompts import render

        prompt, tokenizers = self.state.prompt, self._tokenizers
        if prompt is None:
            return

        def text(project: Project) -> str:
            found = tokenizers.current(project)
            return render(prompt, tokenizer=found[1] if found is not None else None).text

        def copied(words: str) -> None:
            QGuiApplication.clipboard().setText(words)
            self._session.notice.emit(f"Prompt copied, {counted(len(words), 'character')}", "info")

        self._session.ask(text, copied, owner=self)

    def measure(self) -> None:
        """The whole prompt against none of its demonstrations, and against itself without each one."""
        self._measure(0)

    def measure_orders(self) -> None:
        """That, and against other orders of its demonstrations."""
        self._measure(ORDERS)

    def _measure(self, orders: int) -> None:
        prompt = self.state.prompt
        if prompt is None or self._session.read_only:
            return

        def submit(project: Project) -> int:
            request = searches.default_sensitivity(searches.read_choices(project), prompt_id=prompt.id)
            return searches.submit_sensitivity(project, replace(request, orders=orders))

        self._session.ask(submit, lambda id: self._session.notice.emit("Measuring, see Jobs", "info"), owner=self)

    def show_details(self) -> None:
        effect = self.state.effect
        if effect is not None:
            self.show_measured(effect.job_id, effect.orders)

    def show_measured(self, job_id: int, orders: OrderEffect | None = None) -> None:
        """What a job measured; ``orders`` are those of another job that measured the same prompt."""
        from workbench.gui.prompt.measurement_dialog import MeasurementDialog

        def show(found: tuple[SensitivitySpec, PromptEffect]) -> None:
            spec, effect = found[0], replace(found[1], orders=found[1].orders or orders)
            if spec.prompt.id in {info.id for info in self.state.prompts}:
                self._session.current_prompt_id = spec.prompt.id
            use = None if effect.orders is None or self._session.read_only else partial(
                self._use_order, spec.prompt.content_hash, effect.orders.best_order)
            MeasurementDialog(spec, effect, use, self._session.error.emit,
                              self._parent.window()).open()

        self._session.ask(lambda p: p.results.measured(job_id), show, owner=self)

    def _use_order(self, content_hash: str, places: Sequence[int]) -> None:
        prompt, there = self.state.prompt, self._cards.ids()
        if prompt is None or prompt.content_hash != content_hash:
            self._session.notice.emit("The prompt is no longer the one that was measured; it stays as it is", "info")
        else:
            self._reorder([there[place] for place in places])

    def compare(self) -> None:
        from workbench.gui.prompt.draft_comparison import DraftComparison

        prompt = self.state.prompt
        if prompt is None or prompt.id is None:
            return
        id = prompt.id

        def show(versions: list[PromptInfo]) -> None:
            dialog = DraftComparison(self._session, id, versions, self._tokenizers, self._parent)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        self._session.ask(lambda p: p.prompts.versions(id), show, owner=self)

    def act(self, action: str) -> None:
        """What the menu beside the prompt's name offers."""
        prompt = self.state.prompt
        if action == "new":
            self._create(Prompt(name=self._free_name("Prompt")))
        elif prompt is None or prompt.id is None:
            return
        elif action == "duplicate":
            self._create(replace(prompt, name=self._free_name(f"{prompt.name} copy"), id=None, version=0))
        elif action == "rename":
            self._rename(prompt)
        elif action == "delete":
            self._delete(prompt.id)
        elif action == "export":
            from workbench.gui.shell.export_dialog import PromptExportDialog

            dialog = PromptExportDialog(self._session, prompt, self._parent)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def _create(self, prompt: Prompt) -> None:
        def made(changes: Changes) -> None:
            if changes.created and changes.concerns(Kind.PROMPT):
                self._session.current_prompt_id = changes.created[0]

        if not self._session.read_only:
            self._session.change(lambda p: p.prompts.create(prompt), made)

    def _free_name(self, stem: str) -> str:
        names = {info.name for info in self.state.prompts}
        if stem not in names and stem != "Prompt":
            return stem
        return next(name for number in range(1, len(names) + 2) if (name := f"{stem} {number}") not in names)

    def _rename(self, prompt: Prompt) -> None:
        dialog = QInputDialog(self._parent)
        dialog.finished.connect(dialog.deleteLater)
        dialog.setWindowTitle("Rename the prompt")
        dialog.setLabelText("Name")
        dialog.setTextValue(prompt.name)
        dialog.setOkButtonText("Rename")
        dialog.textValueSelected.connect(lambda name: self._edit(lambda p, id: p.prompts.rename(id, name))
                                         if name.strip() and name != prompt.name else None)
        dialog.open()

    def _delete(self, id: int) -> None:
        def gone(changes: Changes) -> None:
            left = [info.id for info in self.state.prompts if info.id != id]
            self._session.current_prompt_id = left[0] if left else None

        self._session.change(lambda p: p.prompts.delete(id), gone)

    def _open(self, id: int) -> None:
        self._session.open_page("demonstrations", demonstration_id=id)

    def _open_menu(self, at: QPoint) -> None:
        places, ids = self._order.places(), self._cards.ids()
        if not places:
            return
        menu, count = QMenu(self._parent), len(ids)
        writes = not self._session.read_only
        menu.addAction(theme.icon("demos"), "Open in the table\tEnter", lambda: self._open(ids[places[0]]))
        menu.addSeparator()
        def move(to: int) -> None:
            self._reorder(self._cards.move(places, to))

        for words, icon, to, on in (("Move up\tAlt+Up", "up", places[0] - 1, places[0] > 0),
                                    ("Move down\tAlt+Down", "down", places[-1] + 2, places[-1] < count - 1)):
            action = menu.addAction(theme.icon(icon), words, partial(move, to))
            action.setEnabled(on and writes)
        menu.addSeparator()
        menu.addAction(theme.icon("x"), "Remove from the prompt\tDel", lambda: self._remove(places)).setEnabled(writes)
        menu.popup(self._order.viewport().mapToGlobal(at))


def doubtful(cards: Sequence[Card]) -> int | None:
    """The place of the demonstration that seems to do most harm, if there is one."""
    harms = [(card.gain.mean, place) for place, card in enumerate(cards)
             if card.gain is not None and card.gain.mean < 0]
    return min(harms)[1] if harms else None
