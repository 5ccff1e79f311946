"""The model of a job in float32, beside the one in half precision: it decides between the finalists."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workbench.domain import Backend
from workbench.errors import ModelError
from workbench.jobs.run import Run
from workbench.models.base import LanguageModel
from workbench.wording import counted

HALF = ("bfloat16", "float16")


@dataclass(frozen=True, slots=True)
class ExactShare:
    """What of a job in half precision (``dtype``) was scored again in float32: ``sets`` with ``evaluations`` answers,
    for ``decisions`` of which ``changed`` came out otherwise. ``problem`` says why nothing was."""

    dtype: str = ""
    sets: int = 0
    evaluations: int = 0
    decisions: int = 0
    changed: int = 0
    problem: str = ""

    @property
    def words(self) -> str:
        if self.problem:
            return f"computed in {self.dtype}; not scored again"
        answers = f" ({counted(self.evaluations, 'answer')})" if self.evaluations else ""
        return (f"computed in {self.dtype}; {counted(self.sets, 'set')} scored again in float32{answers}, "
                f"{self.changed} of {counted(self.decisions, 'decision')} came out otherwise")


@dataclass
class ExactModel:
    """Loaded when it is first needed, from the same files; closed with the job."""

    run: Run
    half: LanguageModel
    sets: int = 0                    # scored again
    evaluations: int = 0             # answers that were scored for it
    decisions: int = 0
    changed: int = 0                 # decisions in which another set is the best in float32
    problem: str = ""
    _model: LanguageModel | None = None

    @property
    def wanted(self) -> bool:
        """Whether the job's model rounds its weights and activations to half precision."""
        return self.half.ref.backend is Backend.TRANSFORMERS and self.half.facts.get("dtype") in HALF

    def model(self) -> LanguageModel | None:
        """None where the job's model is exact itself, or where float32 cannot be loaded (said once)."""
        from workbench.models.registry import load

        if self._model is None and self.wanted and not self.problem:
            self.run.log("info", f"Loading {self.half.ref.name} in float32 to score the finalists again")
            try:
                self._model = load(replace(self.half.ref, dtype="float32"))
            except ModelError as error:
                self.problem = str(error)
                self.run.log("warning", f"The finalists are not scored again in float32. {error}")
        return self._model

    def settled(self, sets: int, *, changed: bool) -> None:
        self.sets, self.decisions, self.changed = self.sets + sets, self.decisions + 1, self.changed + changed

    def share(self) -> ExactShare | None:
        """For the report; None where nothing was computed in half precision."""
        if not self.wanted:
            return None
        return ExactShare(self.half.facts["dtype"], self.sets, self.evaluations, self.decisions, self.changed,
                          self.problem)

    def close(self) -> None:
        if self._model is not None:
            self._model.close()
            self._model = None
