"""A job's scores kept by content: opened before it scores, and said in its log what they spared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.jobs.run import Run
from workbench.models import processes
from workbench.models.base import LanguageModel

if TYPE_CHECKING:
    from workbench.scoring.kept_scores import KeptScores


def kept_scores(folder: str, model: LanguageModel, run: Run) -> KeptScores | None:
    """The kept scores of this model; None without a folder, and for models that may change unseen."""
    from workbench.scoring.kept_scores import KeptScores, can_be_kept

    if not (folder and can_be_kept(model.facts)):
        return None
    kept = KeptScores(Path(folder), model.facts, lambda text: run.log("warning", text), writes=processes.rank() == 0)
    processes.wait_for_all()         # nobody adds before everybody has read: all have to know the same
    return kept


def say_known(kept: KeptScores | None, run: Run) -> None:
    if kept is not None and kept.found:
        run.log("info", f"{kept.found:,} of {kept.asked:,} answers had been scored before and were not computed again.")
