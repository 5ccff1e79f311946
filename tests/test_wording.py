from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from workbench.domain import Interval
from workbench.gui.widgets.safe_text import LINE, displayable
from workbench.wording import (
    clock,
    day,
    duration,
    gigabytes,
    grouped,
    interval_words,
    parameters,
    plain,
    short_parameters,
    signed,
    time_left,
)

NOW = datetime(2026, 11, 21, 12, 0)
SPACE = "\u00a0"


@pytest.mark.parametrize(("size", "said"), [
    (0, "0 kB"), (118_400, "118 kB"), (3_300_000, "3.3 MB"), (48_000_000, "48 MB"), (999_600_000, "1.0 GB"),
    (13_500_000_000, "13.5 GB"),
])
def test_sizes_are_said_in_the_unit_that_suits(size: int, said: str) -> None:
    assert gigabytes(size) == said.replace(" ", SPACE)


@pytest.mark.parametrize(("number", "said"), [(7, "7"), (1284, "1\u00a0284"), (1_000_000, "1\u00a0000\u00a0000")])
def test_thousands_are_set_apart(number: int, said: str) -> None:
    assert grouped(number) == said


@pytest.mark.parametrize(("count", "said", "short"), [
    (7_200_000_000, "7.2 billion", "7.2 B"), (1_100_000, "1.1 million", "1.1 M"), (28_896, "28\u00a0896", "28.9 k"),
    (999_600_000, "1.0 billion", "1.0 B"), (120, "120", "120"),
])
def test_parameters_are_rounded_to_what_can_be_compared(count: int, said: str, short: str) -> None:
    assert parameters(count) == said
    assert short_parameters(count).replace(SPACE, " ") == short


@pytest.mark.parametrize(("seconds", "said"), [
    (2, "few seconds"), (45, "45 s"), (88, "1 min 28 s"), (180, "3 min"), (540, "9 min"), (3600, "1 h"),
    (7500, "2 h 5 min"),
])
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_time_left_is_left_out_where_it_is_not_known() -> None:
    assert time_left(None) == ""
    assert time_left(180) == "3 min left"


@pytest.mark.parametrize(("back", "said", "at"), [
    (timedelta(hours=2), "Today, 10:00", "10:00"), (timedelta(days=1), "Yesterday", "Yesterday"),
    (timedelta(days=4), "17 November", "Tuesday"), (timedelta(days=400), "17 October 2025", "17 October 2025"),
])
def test_days_near_by_have_names(back: timedelta, said: str, at: str) -> None:
    assert day(NOW - back, NOW) == said
    assert clock(NOW - back, NOW) == at


def test_what_has_not_begun_has_no_time() -> None:
    assert clock(None) == "–"


def test_a_line_without_a_break_is_broken_and_nothing_of_it_is_lost() -> None:
    text = "x" * 200_000 + "\nshort\n" + "y" * (LINE + 1)
    shown = displayable(text)
    assert max(len(line) for line in shown.split("\n")) == LINE
    assert shown.replace("\n", "") == text.replace("\n", "")


def test_a_null_character_is_shown_as_a_sign() -> None:
    assert displayable("a\0b\r\nc") == "a\N{SYMBOL FOR NULL}b\nc"


@pytest.mark.parametrize(("value", "words"), [(0.294, "+0.29"), (-0.054, "−0.05"), (-0.001, "0.00"), (None, "–"),
                                              (float("nan"), "–")])
def test_changes_are_written_with_a_sign_and_a_true_minus(value: float | None, words: str) -> None:
    assert signed(value) == words


def test_numbers_without_a_sign_keep_their_minus() -> None:
    assert plain(-6.64) == "−6.64"
    assert interval_words(Interval(0.4, -0.021, 0.63)) == "95 % interval −0.02 to 0.63"
