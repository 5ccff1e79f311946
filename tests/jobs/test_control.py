from __future__ import annotations

from threading import Thread

import pytest

from workbench.errors import Cancelled
from workbench.jobs.control import Control


def test_without_an_order_the_work_goes_on() -> None:
    assert Control().checkpoint() is False


def test_a_cancelled_job_stops_at_the_next_step_and_a_new_one_does_not() -> None:
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        control.checkpoint()
    control.reset()
    assert control.checkpoint() is False


@pytest.mark.parametrize("order", ["resume", "cancel"])
def test_a_paused_job_waits_until_it_may_go_on_or_has_to_stop(order: str) -> None:
    control, seen = Control(), list[str]()
    control.pause()

    def work() -> None:
        try:
            seen.append(f"waited {control.checkpoint()}")
        except Cancelled:
            seen.append("cancelled")

    worker = Thread(target=work)
    worker.start()
    worker.join(0.05)
    assert worker.is_alive(), "it did not wait"
    getattr(control, order)()
    worker.join()
    assert seen == ["waited True" if order == "resume" else "cancelled"]
