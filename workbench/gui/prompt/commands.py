"""What can be done on the page Prompt, by key, by button and by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QInputDialog, QMenu

from workbench.domain import Changes, Kind, Prompt
from workbench.gui.widgets import theme
from workbench.jobs.kinds.sensitivity import SensitivitySpec
from workbench.services import searches
from workbench.services.project import Project
from workbench.services.prompts import PromptInfo
from workbench.services.results import OrderEffect, PromptEffect
from workbench.services.searches import ORDERS
from workbench.wording import counted

if TYPE_CHECKING:
    from workbench.gui.prompt.page import PromptPage

class PromptCommands(QObject):
    def __init__(self, page: PromptPage) -> None:
        super().__init__(page)
        self._page = page
        self._session = page.session
        self._picker: QObject | None = None
        self._register()
        self._connect()

    def _register(self) -> None:
        page, session = self._page, self._session

        def add(id: str, title: str, run: Callable[[], object], keys: str = "", icon: str = "right", *,
                writes: bool = True, needs_prompt: bool = True) -> None:
            def enabled() -> bool:
                return (session.project is not None and not (writes and session.read_only)
                        and not (needs_prompt and page.state.prompt is None))

            session.commands.add(f"prompt.{id}", title, run, keys, page.name, enabled, icon=icon, group="Prompt")

        add("copy", "Copy prompt", self.copy, "Ctrl+Shift+C", "copy", writes=False)
        add("add", "Add demonstration…", self.add, "Ctrl+N", "plus")
        add("fill", "Fill the rest by search", self.fill, "", "rank")
        add("measure", "Measure what the demonstrations bring", self.measure, "", "play")
        add("orders", "Measure what their order does", self.measure_orders, "", "play")
        add("compare", "Compare drafts…", self.compare, "Ctrl+D", "split", writes=False)
        add("new", "New prompt", lambda: self.act("new"), "", "plus", needs_prompt=False)
        add("rename", "Rename the prompt…", lambda: self.act("rename"), "F2", "edit")
        add("duplicate", "Duplicate the prompt", lambda: self.act("duplicate"), "", "copy")
        add("export", "Export the prompt…", lambda: self.act("export"), "Ctrl+E", "export", writes=False)

    def _connect(self) -> None:
        page = self._page
        for button, run in ((page.copy_button, self.copy), (page.add_button, self.add), (page.fill_button, self.fill),
                            (page.measure_button, self.measure), (page.compare_button, self.compare),
                            (page.without_button, self._try_without), (page.orders_button, self.measure_orders),
                            (page.details_button, self._details)):
            button.clicked.connect(run)
        page.settings.prompt_chosen.connect(lambda id: setattr(self._session, "current_prompt_id", id))
        page.settings.template_chosen.connect(lambda template: self._edit(
            lambda p, id: p.prompts.set_template(id, template)))
        page.settings.rules_written.connect(lambda rules: self._edit(lambda p, id: p.prompts.set_rules(id, rules)))
        page.settings.action_pressed.connect(self.act)
        page.cards.reordered.connect(self._reorder)
        page.cards.dropped.connect(self._drop)
        page.list.remove_pressed.connect(self._remove)
        page.list.open_pressed.connect(self._open)
        page.list.customContextMenuRequested.connect(self._open_menu)

    # The ordered set

    def _edit(self, work: Callable[[Project, int], Changes]) -> None:
        prompt = self._page.state.prompt
        if prompt is not None and prompt.id is not None and not self._session.read_only:
            id = prompt.id
            self._session.change(lambda p: work(p, id))

    def _set(self, ids: list[int], select: list[int]) -> None:
        self._page.select_after(select, select[0] if select else None)
        self._edit(lambda p, id: p.prompts.set_demonstrations(id, ids))

    def _reorder(self, ids: list[int]) -> None:
        there, page = self._page.cards.ids(), self._page
        self._set(ids, [there[place] for place in page.list.places()])

    def _drop(self, ids: list[int], place: int) -> None:
        """Demonstrations from elsewhere, dropped before the card at ``place``."""
        there = self._page.cards.ids()
        new = [id for id in ids if id not in there]
        if new:
            self._set([*there[:place], *new, *there[place:]], new)
        else:
            self._session.notice.emit("That demonstration is in the prompt already", "info")

    def _remove(self, places: list[int]) -> None:
        there = self._page.cards.ids()
        left = [id for place, id in enumerate(there) if place not in places]
        after = [id for place, id in enumerate(there) if place > places[-1]] or left[-1:]
        self._set(left, after[:1])

    def _try_without(self) -> None:
        place = self._page.doubtful()
        if place is not None:
            self._remove([place])

    def add(self) -> None:
        """Open the window that demonstrations are chosen in."""
        from workbench.gui.listing.picker import DemonstrationPicker

        page = self._page
        if not isinstance(self._picker, DemonstrationPicker):
            picker = DemonstrationPicker(self._session, page)
            picker.picked.connect(lambda ids: self._drop(ids, page.cards.rowCount()))
            page.cards.modelReset.connect(lambda: picker.leave_out(page.cards.ids()))
            self._picker = picker
        self._picker.leave_out(page.cards.ids())
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

        prompt, tokenizers = self._page.state.prompt, self._page.tokenizers
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
        prompt = self._page.state.prompt
        if prompt is None or self._session.read_only:
            return

        def submit(project: Project) -> int:
            request = searches.default_sensitivity(searches.read_choices(project), prompt_id=prompt.id)
            return searches.submit_sensitivity(project, replace(request, orders=orders))

        self._session.ask(submit, lambda id: self._session.notice.emit("Measuring, see Jobs", "info"), owner=self)

    def _details(self) -> None:
        effect = self._page.state.effect
        if effect is not None:
            self.show_measured(effect.job_id, effect.orders)

    def show_measured(self, job_id: int, orders: OrderEffect | None = None) -> None:
        """What a job measured; ``orders`` are those of another job that measured the same prompt."""
        from workbench.gui.prompt.measurement_dialog import MeasurementDialog

        def show(found: tuple[SensitivitySpec, PromptEffect]) -> None:
            spec, effect = found[0], replace(found[1], orders=found[1].orders or orders)
            if spec.prompt.id in {info.id for info in self._page.state.prompts}:
                self._session.current_prompt_id = spec.prompt.id
            use = None if effect.orders is None or self._session.read_only else partial(
                self._use_order, spec.prompt.content_hash, effect.orders.best_order)
            MeasurementDialog(spec, effect, use, self._session.error.emit, self._page.window()).open()

        self._session.ask(lambda p: p.results.measured(job_id), show, owner=self)

    def _use_order(self, content_hash: str, places: Sequence[int]) -> None:
        prompt, there = self._page.state.prompt, self._page.cards.ids()
        if prompt is None or prompt.content_hash != content_hash:
            self._session.notice.emit("The prompt is no longer the one that was measured; it stays as it is", "info")
        else:
            self._reorder([there[place] for place in places])

    def compare(self) -> None:
        from workbench.gui.prompt.draft_comparison import DraftComparison

        page, prompt = self._page, self._page.state.prompt
        if prompt is None or prompt.id is None:
            return
        id = prompt.id

        def show(versions: list[PromptInfo]) -> None:
            dialog = DraftComparison(self._session, id, versions, page.tokenizers, page)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        self._session.ask(lambda p: p.prompts.versions(id), show, owner=page)

    def act(self, action: str) -> None:
        """What the menu beside the prompt's name offers."""
        prompt = self._page.state.prompt
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

            dialog = PromptExportDialog(self._session, prompt, self._page)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def _create(self, prompt: Prompt) -> None:
        def made(changes: Changes) -> None:
            if changes.created and changes.concerns(Kind.PROMPT):
                self._session.current_prompt_id = changes.created[0]

        if not self._session.read_only:
            self._session.change(lambda p: p.prompts.create(prompt), made)

    def _free_name(self, stem: str) -> str:
        names = {info.name for info in self._page.state.prompts}
        if stem not in names and stem != "Prompt":
            return stem
        return next(name for number in range(1, len(names) + 2) if (name := f"{stem} {number}") not in names)

    def _rename(self, prompt: Prompt) -> None:
        dialog = QInputDialog(self._page)
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
            left = [info.id for info in self._page.state.prompts if info.id != id]
            self._session.current_prompt_id = left[0] if left else None

        self._session.change(lambda p: p.prompts.delete(id), gone)

    def _open(self, id: int) -> None:
        self._session.open_page("demonstrations", demonstration_id=id)

    def _open_menu(self, at: QPoint) -> None:
        page = self._page
        places = page.list.places()
        if not places:
            return
        menu, count = QMenu(page), page.cards.rowCount()
        ids = page.cards.ids()
        writes = not self._session.read_only
        menu.addAction(theme.icon("demos"), "Open in the table\tEnter", lambda: self._open(ids[places[0]]))
        menu.addSeparator()
        def move(to: int) -> None:
            self._reorder(page.cards.move(places, to))

        for words, icon, to, on in (("Move up\tAlt+Up", "up", places[0] - 1, places[0] > 0),
                                    ("Move down\tAlt+Down", "down", places[-1] + 2, places[-1] < count - 1)):
            action = menu.addAction(theme.icon(icon), words, partial(move, to))
            action.setEnabled(on and writes)
        menu.addSeparator()
        menu.addAction(theme.icon("x"), "Remove from the prompt\tDel", lambda: self._remove(places)).setEnabled(writes)
        menu.popup(page.list.viewport().mapToGlobal(at))
