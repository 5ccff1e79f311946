"""URIAL prompt files: rules, then queries and answers under headings, most of them in fences.

The canonical form is that of URIAL and of the ICL-alignment paper's files::

    rules

    # Query:
    ```
    …
    ```

    # Answer:
    ```
    …
    ```

Read are also the forms of URIAL's older files (text on the fence's own line, no fences, ``# User:`` and
``# Assistant:``), fences of other lengths, and text between the blocks. What the canonical form would write otherwise
is kept in ``Prompt.verbatim``, so that an unchanged file is written out byte for byte the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import NamedTuple

from workbench.domain import Demonstration, Prompt, Role, Turn
from workbench.errors import FormatError, shown
from workbench.formats.format import Format, as_text
from workbench.formats.rows import RowError, require_text
from workbench.formats.source import Source

SIZE_LIMIT = 16_000_000
"""Bytes of a prompt file: far beyond any model's context."""

_HEADINGS = {Role.USER: "# Query:", Role.ASSISTANT: "# Answer:", Role.SYSTEM: "# Instruction:", Role.TOOL: "# Tool:"}
_ROLES = {"query": Role.USER, "user": Role.USER, "question": Role.USER, "answer": Role.ASSISTANT,
          "assistant": Role.ASSISTANT, "instruction": Role.SYSTEM}
_HEADING = re.compile(r"(#{1,6}[ \t]*)?(Query|User|Question|Answer|Assistant|Instruction):[ \t]*\r?", re.IGNORECASE)
_OPENING = re.compile(r"(`{3,})([^`].*|)", re.DOTALL)
_RUN = re.compile(r"`{3,}")


class UrialFile(NamedTuple):
    """``lines`` are the lines on which the demonstrations start; ``notes`` are for the person."""

    prompt: Prompt
    lines: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    """The text under one heading. It covers ``lines[start:end]`` of the file."""

    role: Role
    text: str
    start: int
    end: int
    closed: bool


def looks_like(text: str, *, plain: bool = False) -> bool:
    """Whether a text starts as URIAL's rules do or has fenced queries (or unfenced ones, where ``plain`` allows it)."""
    lines = text.split("\n")
    headings = (place for place, line in enumerate(lines) if line.startswith("#"))
    if lines[0].strip() == "# Instruction" or any(_opening(lines, place) for place in headings):
        return True
    roles = {block.role for block in _plain_blocks(lines)} if plain else set()
    return {Role.USER, Role.ASSISTANT} <= roles


def read(source: Source) -> UrialFile:
    """The prompt in a file, named after it. Raises FormatError."""
    if source.total > SIZE_LIMIT:
        raise FormatError(f"{source.path.name} is too large for a prompt ({source.total:,} bytes).",
                          safe="Nothing was imported.", remedy="Choose another kind of file.")
    bom = b"\xef\xbb\xbf"
    with source.binary() as stream:
        data = stream.read(SIZE_LIMIT)
    try:
        text = require_text(data.decode(source.encoding), "The file")
    except UnicodeError as error:
        raise FormatError(f"{source.path.name} is not {source.encoding} throughout: {error}.",
                          safe="Nothing was imported.", remedy="Choose another encoding.") from error
    except RowError as error:
        raise FormatError(str(error), safe="Nothing was imported.") from error
    found = parse(text.removeprefix("\ufeff"))
    prompt, notes = replace(found.prompt, name=shown(source.path.name).removesuffix(".txt")), found.notes
    if data.startswith(bom):
        prompt = replace(prompt, verbatim=data.decode("utf-8"))
    elif text.encode("utf-8") != data:
        notes += (f"The file is {source.encoding}; it is written out as UTF-8.",)
    return UrialFile(prompt, found.lines, notes)


def text_of(prompt: Prompt) -> str:
    """The prompt's file: the text that it was read from while nothing has been changed, else the canonical form."""
    if prompt.verbatim and _same(parse(prompt.verbatim.removeprefix("\ufeff")).prompt, prompt):
        return prompt.verbatim
    return render(prompt)


def render(prompt: Prompt) -> str:
    """The canonical form. Where a text holds what would read as the end of its block, the fences are made longer."""
    text = _render(prompt, 3)
    texts = [prompt.rules, *(turn.text for d in prompt.demonstrations for turn in d.turns)]
    longest = max((len(run) for part in texts for run in _RUN.findall(part)), default=0)
    if longest and not _same(_parse(text).prompt, _separate_pairs(prompt)):
        return _render(prompt, longest + 1)
    return text


def _render(prompt: Prompt, fence: int) -> str:
    mark = "`" * fence
    blocks = [f"{_HEADINGS[turn.role]}\n{mark}\n{turn.text}\n{mark}\n"
              for demonstration in prompt.demonstrations for turn in demonstration.turns]
    return "\n".join([f"{prompt.rules}\n", *blocks] if prompt.rules else blocks)


def parse(text: str) -> UrialFile:
    """The prompt in a text, ``verbatim`` set where the canonical form is another. Never fails: rules may be all."""
    found = _parse(text)
    return found if render(found.prompt) == text else found._replace(prompt=replace(found.prompt, verbatim=text))


def _same(one: Prompt, other: Prompt) -> bool:
    turns = [[d.turns for d in _separate_pairs(prompt).demonstrations] for prompt in (one, other)]
    return one.rules == other.rules and turns[0] == turns[1]


def _separate_pairs(prompt: Prompt) -> Prompt:
    """Each query begins a demonstration of its own: what a file can tell of a conversation of several turns."""
    pairs = _grouped((turn, 0) for d in prompt.demonstrations for turn in d.turns)
    return replace(prompt, demonstrations=tuple(Demonstration(turns) for turns, _ in pairs))


def _grouped(turns: Iterable[tuple[Turn, int]]) -> Iterator[tuple[tuple[Turn, ...], int]]:
    """Turns with their lines, a group for each query with what stands before (system) and after it (answers)."""
    group, line = list[Turn](), 0
    for turn, at in turns:
        begun = any(other.role is not Role.SYSTEM for other in group)
        if begun and turn.role is not Role.ASSISTANT:
            yield tuple(group), line
            group = []
        if not group:
            line = at
        group.append(turn)
    if group:
        yield tuple(group), line


def _parse(text: str) -> UrialFile:
    crlf = text.count("\r\n")
    if crlf and crlf == text.count("\n"):
        text = text.replace("\r\n", "\n")
    lines = text.split("\n")
    blocks = list(_fenced_blocks(lines)) or list(_plain_blocks(lines))
    if not blocks:
        return UrialFile(Prompt(rules=text.removesuffix("\n")), (), ())
    rules = "\n".join(lines[: blocks[0].start]).removesuffix("\n")
    turns, notes, end = list[tuple[Turn, int]](), list[str](), blocks[0].start
    for block in blocks:
        between = "\n".join(lines[end:block.start]).strip()
        if between and block.role is Role.USER:
            turns.append((Turn(Role.SYSTEM, between), end + 1))
        elif between:
            notes.append(_kept(end + 1))
        end = block.end
        waiting = block is blocks[-1] and block.role is Role.ASSISTANT and not block.closed
        if not (waiting and not block.text.strip()):       # a last answer that is left open is where the model goes on
            turns.append((Turn(block.role, block.text), block.start + 1))
    if "\n".join(lines[end:]).strip():
        notes.append(_kept(end + 1))
    groups = list(_grouped(turns))
    demonstrations = tuple(Demonstration(turns) for turns, _ in groups)
    return UrialFile(Prompt(rules, demonstrations), tuple(line for _, line in groups), tuple(notes))


def _kept(line: int) -> str:
    return f"The text at line {line} belongs to no demonstration; it stays in the file while the prompt is unchanged."


def _fenced_blocks(lines: list[str]) -> Iterator[_Block]:
    """Blocks in fences. What looks like a heading inside a fence that is still open is part of the text."""
    headings = [place for place in range(len(lines)) if _opening(lines, place)]
    fences = list(accumulate((line.startswith("```") for line in lines), initial=0))
    end = 0
    for number, place in enumerate(headings):
        if place < end:
            continue
        opener = _opening(lines, place)
        mark, rest = _split_opening(lines[opener])
        role = _role(lines[place])
        inline = rest.rstrip()
        if len(inline) > len(mark) and inline.endswith(mark):
            block = _Block(role, inline.removesuffix(mark), place, opener + 1, closed=True)
        elif len(mark) > 3:
            block = _until_mark(lines, place, opener, role)
        else:
            after = (h for h in headings[number + 1:] if h > opener and _closed_before(lines, fences, opener, h))
            block = _until_heading(lines, place, opener, next(after, len(lines)), role)
        end = block.end
        yield block


def _opening(lines: list[str], place: int) -> int:
    """The line on which the fence under a heading opens (a line or two may be empty between); 0 if there is none."""
    match = _HEADING.fullmatch(lines[place])
    if match is None or match[1] is None:
        return 0
    for below in range(place + 1, min(place + 4, len(lines))):
        if lines[below].strip():
            return below if _OPENING.fullmatch(lines[below]) else 0
    return 0


def _role(heading: str) -> Role:
    match = _HEADING.fullmatch(heading)
    assert match is not None
    return _ROLES[match[2].lower()]


def _split_opening(line: str) -> tuple[str, str]:
    match = _OPENING.fullmatch(line)
    assert match is not None
    return match[1], match[2]


def _closed_before(lines: list[str], fences: list[int], opener: int, heading: int) -> bool:
    """Whether the block that opens at ``opener`` is over where a heading stands.

    It is if a fence and an empty line stand right before the heading, or, with other text there, if every code block
    inside is closed: the fences from the opening one on come in pairs.
    """
    before = heading - 1
    while before > opener and not lines[before].strip():
        before -= 1
    if before == opener:
        return False
    if before < heading - 1 and lines[before].rstrip().endswith("```"):
        return True
    return (fences[heading] - fences[opener]) % 2 == 0


def _until_mark(lines: list[str], place: int, opener: int, role: Role) -> _Block:
    """A block in a fence of more than three: it ends at the first line that is exactly its mark."""
    mark, rest = _split_opening(lines[opener])
    first = [rest.strip()] if rest.strip() else []
    close = next((at for at in range(opener + 1, len(lines)) if lines[at].rstrip() == mark), None)
    text = "\n".join(first + lines[opener + 1:close])
    return _Block(role, text, place, len(lines) if close is None else close + 1, close is not None)


def _until_heading(lines: list[str], place: int, opener: int, heading: int, role: Role) -> _Block:
    """A block in a fence of three: it ends at the last fence before the next heading, so that it may hold fences."""
    rest = _split_opening(lines[opener])[1].strip()
    first = [rest] if rest else []
    inside = lines[opener + 1:heading]
    for at in range(len(inside) - 1, -1, -1):
        if inside[at].rstrip() == "```":
            return _Block(role, "\n".join(first + inside[:at]), place, opener + at + 2, closed=True)
        if rest and inside[at].rstrip().endswith("```"):
            last = inside[at].rstrip().removesuffix("```")
            return _Block(role, "\n".join([*first, *inside[:at], last]), place, opener + at + 2, closed=True)
    return _Block(role, "\n".join(first + inside).rstrip("\n"), place, heading, closed=False)


def _plain_blocks(lines: list[str]) -> Iterator[_Block]:
    """Blocks without fences: a heading after an empty line, and the text up to the next one."""
    headings = [place for place, line in enumerate(lines) if (match := _HEADING.fullmatch(line))
                and match[2].lower() != "instruction" and (place == 0 or not lines[place - 1].strip())]
    for place, end in pairwise([*headings, len(lines)]):
        text = "\n".join(lines[place + 1:end]).strip("\n")
        yield _Block(_role(lines[place]), text, place, end, closed=bool(text))


def recognises(source: Source) -> bool:
    return not source.is_folder and not source.is_table and not source.is_binary and looks_like(
        source.sample_text, plain=source.suffix in (".txt", ".md", ""))


def write(demonstrations: Iterable[Demonstration]) -> Iterator[str]:
    yield render(Prompt(demonstrations=tuple(demonstrations)))


FORMAT = Format("urial", "URIAL prompt", "A prompt: rules, then queries and answers in fences.", (".txt",), "prompt",
                recognises=recognises, write=as_text(write), hint="Queries and answers in fences, as a prompt.",
                for_prompts=True)
