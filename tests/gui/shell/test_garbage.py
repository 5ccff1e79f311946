"""Cycles are collected on the window's thread, and on no other."""

import gc
import threading
import weakref

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from workbench.gui.shell.garbage import GarbageCollection


class Cycle:
    def __init__(self) -> None:
        self.me = self


def test_a_cycle_is_collected_on_the_windows_thread_though_another_allocates(qtbot: QtBot) -> None:
    parent = QObject()
    collection = GarbageCollection(parent)
    where: list[threading.Thread] = []
    cycle = Cycle()
    weakref.finalize(cycle, lambda: where.append(threading.current_thread()))
    del cycle
    thread = threading.Thread(target=lambda: [Cycle() for _ in range(5_000)])
    thread.start()
    thread.join()
    assert not where
    qtbot.waitUntil(lambda: bool(where))
    assert where == [threading.main_thread()]
    collection.stop()
    assert gc.isenabled()
