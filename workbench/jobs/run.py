"""What a runner has in hand while its job runs: events out, orders in, the model."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from typing import Literal

from workbench import __version__
from workbench.domain import ModelRef
from workbench.jobs.control import Control
from workbench.jobs.events import Event, Log, Progress, Started
from workbench.jobs.pace import Pace
from workbench.models.base import LanguageModel, Tokenizer

PROGRESS_SECONDS = 0.1               # at most ten progress events a second


class LoadedModel:
    """The last model stays loaded, so that the next job of this process does not load it again."""

    def __init__(self) -> None:
        self._ref: ModelRef | None = None
        self._model: LanguageModel | None = None

    def loaded(self, ref: ModelRef) -> LanguageModel | None:
        return self._model if self._ref == ref else None

    def load(self, ref: ModelRef) -> LanguageModel:
        """Load ``ref`` in place of the one before. Raises ModelError."""
        from workbench.models.registry import load

        self.close()
        self._model, self._ref = load(ref), ref
        return self._model

    def close(self) -> None:
        """Let go of the model, so that its memory is free."""
        if self._model is not None:
            self._model.close()
            self._model = self._ref = None

    def tokenizer(self, ref: ModelRef) -> Tokenizer:
        """The tokenizer alone, without the weights when they are not loaded."""
        from workbench.models.registry import load_tokenizer

        model = self.loaded(ref)
        return model.tokenizer if model is not None else load_tokenizer(ref)


class Run:
    """One job in the making. ``say`` sends an event; it is safe from any thread."""

    def __init__(self, say: Callable[[Event], None], control: Control, models: LoadedModel,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.say, self.models = say, models
        self._control, self._clock = control, clock
        self._pace: Pace | None = None
        self._said = -1.0
        self._waited = False

    def log(self, level: Literal["info", "good", "warning", "error"], message: str) -> None:
        self.say(Log(level, message))

    def load(self, ref: ModelRef) -> LanguageModel:
        """The model, loaded if it is not yet; says Started with the facts that made the results. Raises ModelError."""
        model = self.models.loaded(ref)
        if model is None:
            self.log("info", f"Loading {ref.name}")
            self.checkpoint()
            model = self.models.load(ref)
        self.say(Started({"workbench": __version__, "python": platform.python_version(), **model.facts}))
        self.checkpoint()
        return model

    def tokenizer(self, ref: ModelRef) -> Tokenizer:
        """The tokenizer alone; weights are not loaded for it."""
        return self.models.tokenizer(ref)

    def checkpoint(self) -> None:
        """To be called between steps: waits while the job is paused. Raises Cancelled."""
        if self._control.checkpoint():
            self._waited = True

    def progress(self, done: int, total: int, unit: str, message: str = "") -> None:
        """Say how far the job is; too frequent calls are dropped, the last of a job never. A checkpoint too."""
        self.checkpoint()
        now = self._clock()
        if self._pace is None:
            self._pace = Pace(now, done)
        if self._waited:
            self._pace.restart(now, done)
            self._waited = False
        rate = self._pace.update(now, done)
        if done < total and self._said >= 0 and now - self._said < PROGRESS_SECONDS:
            return
        self._said = now
        self.say(Progress(done, total, unit, message, rate, self._pace.seconds_left(done, total)))
