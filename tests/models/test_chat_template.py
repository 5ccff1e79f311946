"""Chat templates come with a model, from strangers: what they may take of time and memory is counted."""

from __future__ import annotations

import pytest

from workbench.errors import PromptError
from workbench.models.chat_template import render_chat

MESSAGES = [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Hi."}]
GROWING = "{% set ns = namespace(x='abcdefgh') %}{% for i in range(60) %}{% set ns.x = GROWN %}{% endfor %}{{ ns.x }}"


def _render(template: str) -> str:
    return render_chat(template, MESSAGES, {"bos_token": "<s>"}, open_answer=False)


def test_what_templates_use_works_within_the_bounds() -> None:
    assert _render(
        "{% set ns = namespace(n=0) %}{% macro tag(name) %}<{{ name }}>{% endmacro %}"
        "{% set head %}{{ bos_token }}{% endset %}{{ head }}"
        "{% for m in messages if m.role != 'system' %}{{ loop.index }}/{{ loop.length }}{{ tag(m['role']) }}"
        "{{ m['content'] | trim ~ '!' }}{% set ns.n = ns.n + 1 %}{{ '; ' if not loop.last else '.' }}{% else %}none"
        "{% endfor %}{{ ns.n }} {{ 'ab' * 2 }}{{ '%s' % 'c' }} {{ messages | map(attribute='role') | join(',') }}"
        " {{ {'é': 1} | tojson }}{{ 'x'.replace('x', 'y').upper() }}"
    ) == '<s>1/2<user>Hi?!; 2/2<assistant>Hi.!.2 ababc user,assistant {"é": 1}Y'


@pytest.mark.parametrize("template", [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% set r = range(99999) | list %}{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
])
def test_a_template_that_goes_round_for_ever_is_stopped(template: str) -> None:
    with pytest.raises(PromptError, match="go round more than"):
        _render(template)


@pytest.mark.parametrize("grown", [
    "ns.x ~ ns.x", "ns.x + ns.x", "ns.x * 9", "'%s%s' % (ns.x, ns.x)", "'{}{}'.format(ns.x, ns.x)",
    "ns.x.replace('a', 'aaaaaaaaaaaa')", "ns.x | replace('a', 'aaaaaaaaaaaa')", "[ns.x, ns.x] | join",
    "ns.x.join('ab' * 9)",
])
def test_a_text_that_doubles_and_doubles_is_stopped(grown: str) -> None:
    with pytest.raises(PromptError, match=r"longer than|too large"):
        _render(GROWING.replace("GROWN", grown))


def test_a_block_that_doubles_and_doubles_is_stopped() -> None:
    block = "{% set y %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = y %}"
    with pytest.raises(PromptError, match="longer than"):
        _render(GROWING.replace("{% set ns.x = GROWN %}", block))


@pytest.mark.parametrize("wide", [
    "'a' * 10000000000", "2 ** 10000000000", "'a' | center(10000000000)", "'a'.ljust(10000000000)",
    "'%10000000000d' % 1", "'%*d' % (10000000000, 1)", "'%10000000000d' | format(1)", "'{:10000000000}'.format(1)",
    "'{:{w}}'.format(1, w=10000000000)", "'a' | indent(10000000000, first=true)", "range(10000000000) | list",
])
def test_a_text_as_wide_as_the_memory_is_refused(wide: str) -> None:
    with pytest.raises(PromptError, match=r"larger than|too large|too wide"):
        _render("{{ " + wide + " }}")


@pytest.mark.parametrize("faulty", ["{{ 1 / 0 }}", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{ [].pop() }}",
                                    "{{ ''.__class__.__mro__ }}", "{{ 'a'.encode('nothing') }}"])
def test_whatever_a_template_raises_is_the_templates_fault(faulty: str) -> None:
    with pytest.raises(PromptError, match="refuses this conversation"):
        _render(faulty)
