"""Pages that are exported: strangers' text is text there, and nothing in them loads, links or runs."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from workbench.domain import Demonstration, Prompt
from workbench.formats import html_page
from workbench.formats.comparison_report import ComparisonReport, Section, html, plain_html
from workbench.formats.report import Chart
from workbench.formats.svg import Mark, interval_plot

EVIL = ("</title></style></pre></td><script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:1'>x</a>"
        "<svg onload=alert(1)>&lt;b&gt;\"'><iframe src=//evil.example></iframe>")
HARMLESS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "strong", "figure", "figcaption",
            "table", "thead", "tbody", "tr", "th", "td", "pre", "div", "svg", "g", "line", "circle", "text"}


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def _comparison() -> ComparisonReport:
    chart = Chart(EVIL, interval_plot([Mark(EVIL, 1.0), Mark(EVIL, 2.0, span=EVIL)], title=EVIL, axis=EVIL), EVIL)
    return ComparisonReport(EVIL, EVIL, (EVIL,), (Section(EVIL, (EVIL, ">" + EVIL), ((EVIL, EVIL),), EVIL),), (chart,),
                            (EVIL,), ((EVIL, EVIL),))


def _demonstration() -> Demonstration:
    return replace(Demonstration.pair(EVIL, EVIL, category=EVIL, source=EVIL, tags=(EVIL,)), note=EVIL)


@pytest.mark.parametrize("page", [
    html(_comparison()), "".join(html_page.write_demonstrations([_demonstration()], EVIL)),
    html_page.prompt(Prompt(rules=EVIL, demonstrations=(_demonstration(),), name=EVIL)),
], ids=["comparison", "demonstrations", "prompt"])
def test_nothing_of_a_stranger_becomes_markup(page: str) -> None:
    found = _Tags(page)
    assert found.tags <= HARMLESS
    assert not [name for name, _ in found.attributes if name.startswith("on") or name in ("src", "href", "xlink:href")]
    assert "<script>alert(1)</script>" in found.text                  # shown as what it is
    assert "default-src 'none'" in page


def test_the_printed_page_shows_our_charts_and_no_other_pictures() -> None:
    found = _Tags(plain_html(_comparison(), ["chart0"]))
    assert found.tags <= HARMLESS | {"img"}
    assert [value for name, value in found.attributes if name in ("src", "href")] == ["chart0"]
