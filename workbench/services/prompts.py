"""Prompts and their versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from workbench.domain import Changes, Demonstration, Kind, Position, Prompt
from workbench.errors import PromptError, WorkbenchError
from workbench.wording import counted, grouped
from workbench_db import demonstrations, prompts, revisions
from workbench_db.prompts import StoredVersion
from workbench_db.session import Connection

if TYPE_CHECKING:
    from workbench.services.project import Project

MOST = 1000
"""Demonstrations in a prompt. No context holds more, and the key that adds what is selected may hit a whole pool."""

_Edit = Callable[[Connection, Prompt], Prompt]


@dataclass(frozen=True, slots=True)
class PromptInfo:
    """``version`` is this version's number, ``changed`` when it was made."""

    id: int
    name: str
    version: int
    demonstrations: int
    changed: datetime


class Prompts:
    """``project.prompts``. Every change makes a new version (undoable); old versions can be read."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def all(self) -> list[PromptInfo]:
        """In the order they were made; a deleted one is left out."""
        with self._project.database.read() as connection:
            return [_info(version) for version in prompts.current_versions(connection)]

    def get(self, prompt_id: int, version: int | None = None) -> Prompt:
        """The prompt with its whole demonstrations; the newest version by default.

        The newest version holds its demonstrations as they are now; an older one as they were when it was made.
        Raises PromptError if there is no such prompt or version.
        """
        with self._project.database.read() as connection:
            return _prompt(connection, _version(connection, prompt_id, version))

    def versions(self, prompt_id: int) -> list[PromptInfo]:
        """Newest first; also those that were undone."""
        with self._project.database.read() as connection:
            return [_info(version) for version in prompts.versions(connection, prompt_id)]

    def create(self, prompt: Prompt, ids: Sequence[int] = ()) -> Changes:
        """Store a new prompt; demonstrations without an id are stored too, and stored ones (``ids``) stand after them.

        ``created`` holds its id.

        Raises PromptError for more than MOST demonstrations, as all that changes a prompt does.
        """
        _check_size(len(prompt.demonstrations) + len(ids))
        with self._project.database.write() as connection:
            whole, new = _stored(connection, prompt)
            whole = replace(whole, demonstrations=(*whole.demonstrations, *_whole(connection, ids)))
            prompt_id = prompts.insert_prompt(connection, prompt.name or "Untitled prompt")
            prompts.patch(connection, {prompt_id: {"version": prompts.insert_version(connection, prompt_id, whole)}})
            label = f"Prompt “{prompt.name or 'Untitled prompt'}” added"
            change = revisions.open_change(connection, self._project.person, label)
            revisions.record_added(connection, change, Kind.DEMONSTRATION.value, new)
            revisions.record_added(connection, change, Kind.PROMPT.value, [prompt_id])
        touched = {Kind.PROMPT: frozenset([prompt_id])} | ({Kind.DEMONSTRATION: frozenset(new)} if new else {})
        return Changes(touched, label, undoable=True, created=(prompt_id,))

    def delete(self, prompt_id: int) -> Changes:
        """Take a prompt away (undoable); its demonstrations stay."""
        return self._patch(prompt_id, {"deleted": 1}, "deleted")

    def set_rules(self, prompt_id: int, rules: str) -> Changes:
        return self._new_version(prompt_id, lambda connection, prompt: replace(prompt, rules=rules), "rules changed")

    def set_template(self, prompt_id: int, template: str) -> Changes:
        return self._new_version(prompt_id, lambda connection, prompt: replace(prompt, template=template),
                                 "template changed")

    def rename(self, prompt_id: int, name: str) -> Changes:
        name = name.strip()
        if not name:
            raise PromptError("A prompt needs a name.", safe="Nothing was changed.")
        return self._patch(prompt_id, {"name": name}, f"renamed to “{name}”")

    def set_demonstrations(self, prompt_id: int, ids: Sequence[int]) -> Changes:
        """The whole ordered list: reordering, removing and adding are all this."""
        return self._new_version(
            prompt_id, lambda connection, prompt: replace(prompt, demonstrations=_whole(connection, ids)))

    def add_demonstrations(
        self, prompt_id: int, ids: Sequence[int], position: Position = Position.BEFORE_BASE
    ) -> Changes:
        """Add those not in it yet, before or after what is there."""
        def added(connection: Connection, prompt: Prompt) -> Prompt:
            there = {d.id for d in prompt.demonstrations}
            wanted = [id for id in dict.fromkeys(ids) if id not in there]
            _check_size(len(wanted) + len(there))
            new = _whole(connection, wanted)
            both = (new + prompt.demonstrations if position is Position.BEFORE_BASE else prompt.demonstrations + new)
            return replace(prompt, demonstrations=both)

        return self._new_version(prompt_id, added, "demonstrations added")

    def restore(self, prompt_id: int, version: int) -> Changes:
        """Make a new version that says what an older one said, with the demonstrations' texts of today."""
        def restored(connection: Connection, prompt: Prompt) -> Prompt:
            old = _version(connection, prompt_id, version)
            return _prompt(connection, replace(old, is_current=True))

        return self._new_version(prompt_id, restored, f"draft {version} restored", keep_verbatim=True)

    def _new_version(self, prompt_id: int, edit: _Edit, done: str = "", *, keep_verbatim: bool = False) -> Changes:
        with self._project.database.write() as connection:
            old = _version(connection, prompt_id)
            prompt = _prompt(connection, old)
            edited = edit(connection, prompt)
            if edited.content_hash == prompt.content_hash and _ids(edited) == _ids(prompt):
                return Changes()
            edited = edited if keep_verbatim else replace(edited, verbatim="")
            if not done:
                same = set(_ids(edited)) == set(_ids(prompt))
                done = "in another order" if same else f"now {counted(len(_ids(edited)), 'demonstration')}"
            number = prompts.insert_version(connection, prompt_id, edited)
            return self._write(connection, prompt_id, {"version": number}, f"Prompt “{old.name}”: {done}")

    def _patch(self, prompt_id: int, fields: dict[str, object], done: str) -> Changes:
        with self._project.database.write() as connection:
            name = _version(connection, prompt_id).name
            return self._write(connection, prompt_id, fields, f"Prompt “{name}” {done}")

    def _write(self, connection: Connection, prompt_id: int, fields: dict[str, object], label: str) -> Changes:
        before = prompts.patch(connection, {prompt_id: fields})
        if not before:
            return Changes()
        revisions.record_step(connection, self._project.person, label, Kind.PROMPT.value, before, {prompt_id: fields})
        return Changes.of(Kind.PROMPT, [prompt_id], label, undoable=True)


def _version(connection: Connection, prompt_id: int, number: int | None = None) -> StoredVersion:
    found = prompts.version(connection, prompt_id, number)
    if found is None:
        wanted = f"prompt {prompt_id}" if number is None else f"draft {number} of prompt {prompt_id}"
        raise PromptError(f"There is no {wanted}.", remedy="Choose another one.")
    return found


def _info(version: StoredVersion) -> PromptInfo:
    return PromptInfo(version.prompt_id, version.name, version.number, len(version.demonstrations), version.created)


def _prompt(connection: Connection, version: StoredVersion) -> Prompt:
    """A current version with its demonstrations as they are, an older one with the texts that it was made with."""
    listed = demonstrations.get(connection, [id for id, _ in version.demonstrations], deleted=True)
    if not version.is_current:
        listed = [_as_it_was(connection, demonstration, digest)
                  for demonstration, (_, digest) in zip(listed, version.demonstrations, strict=True)]
    prompt = Prompt(version.rules, tuple(listed), version.template, version.name, version.verbatim, version.prompt_id,
                    version.number)
    # The file's own text stands for the prompt only as long as the prompt says what the file said.
    return prompt if prompt.content_hash == version.content_hash else replace(prompt, verbatim="")


def _as_it_was(connection: Connection, demonstration: Demonstration, digest: str) -> Demonstration:
    if demonstration.content_hash == digest or demonstration.id is None:
        return demonstration
    for entry in revisions.of_entity(connection, Kind.DEMONSTRATION.value, demonstration.id):
        for fields in (entry.before, entry.after):
            if "turns" in fields:
                older = replace(demonstration, turns=demonstrations.turns_from(fields["turns"]))
                if older.content_hash == digest:
                    return older
    return demonstration


def _stored(connection: Connection, prompt: Prompt) -> tuple[Prompt, list[int]]:
    """The prompt with an id on every demonstration, and the ids of those that had to be stored."""
    unknown = [d for d in prompt.demonstrations if d.id is None]
    new = demonstrations.insert_demonstrations(connection, unknown).ids
    ids = demonstrations.ids_by_hash(connection, [d.content_hash for d in unknown])
    whole = tuple(d if d.id is not None else replace(d, id=ids[d.content_hash]) for d in prompt.demonstrations)
    return replace(prompt, demonstrations=whole), new


def _check_size(count: int) -> None:
    if count > MOST:
        most, here = counted(MOST, "demonstration"), grouped(count)
        raise PromptError(f"A prompt takes at most {most}, and this one would have {here}.",
                          safe="Nothing was changed.", remedy="Choose fewer, or let a search on Rankings choose.")


def _whole(connection: Connection, ids: Sequence[int]) -> tuple[Demonstration, ...]:
    _check_size(len(ids))
    found = demonstrations.get(connection, ids, deleted=True)
    if len(found) != len(ids):
        missing = sorted(set(ids) - {d.id for d in found})
        raise WorkbenchError(f"There is no demonstration {missing[0]}.", safe="The prompt was not changed.")
    return tuple(found)


def _ids(prompt: Prompt) -> list[int | None]:
    return [d.id for d in prompt.demonstrations]
