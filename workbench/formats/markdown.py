"""Demonstrations, prompts and reports as Markdown. Strangers' text cannot turn into markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from workbench.domain import Demonstration, Prompt, Role
from workbench.domain.fields import TEXTS
from workbench.formats.format import Format, as_text
from workbench.formats.report import Report, interval, name_of, number, verdict

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$&@:/])")
_ROLES = {Role.SYSTEM: "System", Role.USER: "User", Role.ASSISTANT: "Assistant"}


def inline(text: str) -> str:
    """Text for a heading or a table's cell: one line, every sign that Markdown or HTML could read escaped."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def block(text: str) -> str:
    """Text as it is, in a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text}\n{fence}\n"


def write_demonstrations(demonstrations: Iterable[Demonstration], title: str = "Demonstrations") -> Iterator[str]:
    """A section for each demonstration."""
    yield f"# {inline(title)}\n"
    for place, demonstration in enumerate(demonstrations, 1):
        yield _section(demonstration, place)


def prompt(value: Prompt) -> str:
    """A prompt: its rules, then its demonstrations in order."""
    rules = f"\n## Rules\n\n{block(value.rules)}" if value.rules else ""
    head, *sections = write_demonstrations(value.demonstrations, value.name or "Prompt")
    return head + rules + "".join(sections)


def report(value: Report) -> str:
    """A job's report; its charts are left to the HTML one."""
    parts = [f"# {inline(value.title)}\n\n{inline(value.made)}\n"]
    if verdict(value):
        parts.append(f"\n{inline(verdict(value))}\n")
    parts.append(_table("What made these numbers", ("", ""), value.facts))
    parts.append(_table("Held-out questions", ("Set", "Demonstrations", "Nats per answer"),
                        [(name_of(line), str(line.size), number(line.mean)) for line in value.sets]))
    parts.append(_table("Rounds", ("Round", "Chosen", "Id", "Objective", "Prompt tokens"), [
        (str(line.number), line.title, str(line.demonstration_id), number(line.objective), f"{line.prompt_tokens:,}")
        for line in value.rounds]))
    parts.append(_table("Ranking", ("Rank", "Candidate", "Id", "Gain, nats per answer", "Win rate", "Tokens", "IFD"), [
        (str(line.rank), line.title, str(line.demonstration_id), interval(line.gain), f"{line.win_rate:.0%}",
         f"{line.tokens:,}", number(line.difficulty)) for line in value.ranking]))
    if value.chosen:
        parts.append("\n## The chosen demonstrations\n")
        parts += [_section(demonstration, place) for place, demonstration in enumerate(value.chosen, 1)]
    return "".join(parts)


def _section(demonstration: Demonstration, place: int) -> str:
    facts = [demonstration.status.value, *(text for name in TEXTS if (text := getattr(demonstration, name)))]
    facts += [f"rated {demonstration.rating}"] if demonstration.rating else []
    facts += [f"#{tag}" for tag in demonstration.tags]
    turns = "".join(f"\n**{_ROLES[turn.role]}**\n\n{block(turn.text)}" for turn in demonstration.turns)
    note = f"\nNote: {inline(demonstration.note)}\n" if demonstration.note else ""
    identity = f" (id {demonstration.id})" if demonstration.id is not None else ""
    return f"\n## Demonstration {place}{identity}\n\n{inline(' · '.join(facts))}\n{turns}{note}"


def _table(title: str, heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(inline(cell) for cell in row)} |" for row in rows]
    if not lines:
        return ""
    head = [f"| {' | '.join(heading)} |", f"|{'---|' * len(heading)}"]
    return f"\n## {title}\n\n" + "\n".join([*head, *lines]) + "\n"


FORMAT = Format("markdown", "Markdown", "Demonstrations for reading.", (".md",), write=as_text(write_demonstrations),
                hint="For reading.", for_prompts=True)
