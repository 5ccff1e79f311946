from __future__ import annotations

import pytest

from workbench.jobs.control import Control
from workbench.jobs.events import Event, Progress
from workbench.jobs.pace import Pace
from workbench.jobs.run import LoadedModel, Run


def test_nothing_is_known_at_first() -> None:
    pace = Pace(100.0)
    assert pace.update(100.05, 3) is None
    assert pace.seconds_left(3, 10) is None


def test_a_steady_rate_is_found_at_once_and_stays() -> None:
    pace = Pace(0.0)
    rates = [pace.update(second, 5 * second) for second in range(1, 30)]
    assert rates == pytest.approx([5.0] * 29)
    assert pace.seconds_left(145, 245) == pytest.approx(20.0)


def test_a_change_of_speed_is_followed_within_some_seconds_and_a_hiccup_is_not() -> None:
    pace = Pace(0.0)
    for second in range(1, 61):
        pace.update(second, 10 * second)
    hiccup = pace.update(60.5, 600)
    assert hiccup is not None
    assert hiccup > 9
    for second in range(61, 91):
        rate = pace.update(second, 600 + 2 * (second - 60))
    assert rate == pytest.approx(2, abs=0.3)


def test_what_an_earlier_start_had_done_is_no_speed() -> None:
    pace = Pace(0.0, done=1000)
    assert pace.update(1.0, 1004) == pytest.approx(4)


def test_a_pause_does_not_slow_the_rate() -> None:
    pace = Pace(0.0)
    pace.update(10.0, 100)
    pace.restart(1000.0, 100)
    assert pace.update(1001.0, 110) == pytest.approx(10)


def test_nothing_moving_has_no_time_left() -> None:
    pace = Pace(0.0)
    pace.update(1.0, 0)
    assert pace.seconds_left(0, 10) is None


def test_progress_is_said_ten_times_a_second_at_most_and_the_last_always() -> None:
    now, said = [0.0], list[Event]()
    run = Run(said.append, Control(), LoadedModel(), clock=lambda: now[0])
    for step in range(1, 1001):
        now[0] += 0.01
        run.progress(step, 1000, "answers")
    progress = [event for event in said if isinstance(event, Progress)]
    assert len(progress) <= 102
    assert progress[-1].done == 1000
    assert progress[-1].seconds_left == 0
    assert progress[50].rate == pytest.approx(100)
