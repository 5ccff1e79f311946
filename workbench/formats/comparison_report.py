"""A report of a comparison of contestants: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from workbench.formats.html_page import document, table
from workbench.formats.report import Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A table; a heading that starts with > stands over numbers. ``note`` is a sentence below it."""

    title: str
    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ComparisonReport:
    """``said`` are sentences that stand first; ``method`` says how the numbers were made, ``facts`` from what."""

    title: str
    made: str
    said: tuple[str, ...]
    sections: tuple[Section, ...]
    charts: tuple[Chart, ...]
    method: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


def html(report: ComparisonReport) -> str:
    """The whole page; text of strangers is escaped."""
    figures = [f"<figure><h2>{escape(chart.title)}</h2>{chart.svg}<figcaption>{escape(chart.caption)}</figcaption>"
               "</figure>\n" for chart in report.charts]
    return document(report.title, [*_opening(report), *figures, *_rest(report)])


def plain_html(report: ComparisonReport, pictures: Sequence[str]) -> str:
    """For a page renderer without SVG: ``pictures`` are names of images, one a chart."""
    figures = [f'<p><img src="{escape(name)}" width="100%"></p>'     # a heading could stand alone at a page's end
               f"<p><strong>{escape(chart.title)}.</strong> {escape(chart.caption)}</p>\n"
               for chart, name in zip(report.charts, pictures, strict=True)]
    return f"<html><body>{''.join([*_opening(report), *figures, *_rest(report)])}</body></html>"


def _opening(report: ComparisonReport) -> list[str]:
    said = [f"<p><strong>{escape(line)}</strong></p>\n" for line in report.said]
    return [f'<h1>{escape(report.title)}</h1>\n<p class="faint">{escape(report.made)}</p>\n', *said]


def _rest(report: ComparisonReport) -> list[str]:
    parts = []
    for section in report.sections:
        parts.append(table(section.title, section.heading, section.rows))
        parts.append(f"<p>{escape(section.note)}</p>\n" if section.note else "")
    parts.append("<h2>Method</h2>\n" + "".join(f"<p>{escape(line)}</p>\n" for line in report.method))
    return [*parts, table("What made these numbers", ("", ""), report.facts)]
