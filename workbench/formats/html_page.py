"""Demonstrations, prompts and reports as one HTML file that needs nothing else: no script, no link, no picture.

Strangers' text is escaped, and a content security policy forbids the page to load or run anything in any case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from workbench.domain import Demonstration, Prompt, Role
from workbench.domain.fields import TEXTS
from workbench.formats.format import Format, as_text
from workbench.formats.report import Report, interval, name_of, number, verdict

_ROLES = {Role.SYSTEM: "System", Role.USER: "User", Role.ASSISTANT: "Assistant"}

_STYLE = """
:root { color-scheme: light dark; --text: #1f2328; --faint: #59636e; --line: #d8dee4; --paper: #fff; --soft: #f4f6f8 }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e9ee; --faint: #9aa4b0; --line: #343b44; --paper: #14171b; --soft: #1d2127 } }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: var(--paper); color: var(--text);
  font: 15px/1.55 system-ui, sans-serif }
h1 { font-size: 1.6rem; margin-bottom: .2rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
p.faint, figcaption, .facts { color: var(--faint) }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600 } .right { text-align: right }
pre { background: var(--soft); padding: .7rem .9rem; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 13px/1.5 ui-monospace, monospace; margin: .3rem 0 .9rem }
figure { margin: 1rem 0 } svg { width: 100%; height: auto }
.role { font-weight: 600; font-size: .85rem }
td.title { overflow-wrap: anywhere }
@media print { body { margin: 0; max-width: none } h2, figure { break-inside: avoid } }
"""


def write_demonstrations(demonstrations: Iterable[Demonstration], title: str = "Demonstrations") -> Iterator[str]:
    """A section for each demonstration."""
    yield _head(title)
    yield f"<h1>{escape(title)}</h1>\n"
    for place, demonstration in enumerate(demonstrations, 1):
        yield _section(demonstration, place)
    yield _FOOT


def prompt(value: Prompt) -> str:
    """A prompt: its rules, then its demonstrations in order."""
    name = value.name or "Prompt"
    rules = f"<h2>Rules</h2>\n<pre>{escape(value.rules)}</pre>\n" if value.rules else ""
    sections = "".join(_section(demonstration, place) for place, demonstration in enumerate(value.demonstrations, 1))
    return f"{_head(name)}<h1>{escape(name)}</h1>\n{rules}{sections}{_FOOT}"


def report(value: Report) -> str:
    """A job's report with its charts."""
    parts = [_head(value.title), f'<h1>{escape(value.title)}</h1>\n<p class="faint">{escape(value.made)}</p>\n']
    if verdict(value):
        parts.append(f"<p><strong>{escape(verdict(value))}</strong></p>\n")
    parts += [f"<figure><h2>{escape(chart.title)}</h2>{chart.svg}<figcaption>{escape(chart.caption)}</figcaption>"
              "</figure>\n" for chart in value.charts]
    parts.append(table("Held-out questions", ("Set", ">Demonstrations", ">Nats per answer"),
                        [(name_of(line), str(line.size), number(line.mean)) for line in value.sets]))
    parts.append(table("Rounds", (">Round", "Chosen", ">Id", ">Objective", ">Prompt tokens"), [
        (str(line.number), line.title, str(line.demonstration_id), number(line.objective), f"{line.prompt_tokens:,}")
        for line in value.rounds]))
    if value.chosen:
        parts.append("<h2>The chosen demonstrations</h2>\n")
        parts += [_section(demonstration, place) for place, demonstration in enumerate(value.chosen, 1)]
    parts.append(table("Ranking", (">Rank", "Candidate", ">Id", ">Gain, nats per answer", ">Win rate", ">Tokens",
                                    ">IFD"), [
        (str(line.rank), line.title, str(line.demonstration_id), interval(line.gain), f"{line.win_rate:.0%}",
         f"{line.tokens:,}", number(line.difficulty)) for line in value.ranking]))
    parts.append(table("What made these numbers", ("", ""), value.facts))
    return "".join([*parts, _FOOT])


def document(title: str, parts: Iterable[str]) -> str:
    """A whole page around ``parts``, which are HTML made by this program."""
    return "".join([_head(title), *parts, _FOOT])


_FOOT = "</body>\n</html>\n"


def _head(title: str) -> str:
    return ('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n")


def _section(demonstration: Demonstration, place: int) -> str:
    facts = [demonstration.status.value, *(text for name in TEXTS if (text := getattr(demonstration, name)))]
    facts += [f"rated {demonstration.rating}"] if demonstration.rating else []
    facts += [f"#{tag}" for tag in demonstration.tags]
    identity = f" (id {demonstration.id})" if demonstration.id is not None else ""
    turns = "".join(f'<div class="role">{_ROLES[turn.role]}</div>\n<pre dir="auto">{escape(turn.text)}</pre>\n'
                    for turn in demonstration.turns)
    note = f"<p>Note: {escape(demonstration.note)}</p>\n" if demonstration.note else ""
    return (f"<h2>Demonstration {place}{identity}</h2>\n<p class=\"facts\">{escape(' · '.join(facts))}</p>\n"
            f"{turns}{note}")


def table(title: str, heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table; a heading that starts with > stands over numbers, which go to the right."""
    classes = [' class="right"' if name.startswith(">") else "" for name in heading]
    body = ["<tr>" + "".join(f"<td{kind}>{escape(cell)}</td>" for kind, cell in zip(classes, row, strict=True))
            + "</tr>\n" for row in rows]
    if not body:
        return ""
    head = "".join(f"<th{kind}>{escape(name.removeprefix('>'))}</th>"
                   for kind, name in zip(classes, heading, strict=True))
    return (f"<h2>{escape(title)}</h2>\n<table>\n<thead><tr>{head}</tr></thead>\n"
            f"<tbody>\n{''.join(body)}</tbody></table>\n")


FORMAT = Format("html", "HTML", "Demonstrations for reading in a browser.", (".html",),
                write=as_text(write_demonstrations), for_prompts=True,
                hint="For reading in a browser; one file without anything else.")
