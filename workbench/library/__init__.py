"""The workbench for notebooks and scripts: what the window does, as calls. See docs/library.md.

Everything here runs in this process and returns when it is done. The jobs are those of ``workbench.jobs.kinds``, which
the window runs in a child process; with a project, defaults and checks are those of ``workbench.services``.
"""

from workbench.alignment.harness_options import HarnessOptions
from workbench.alignment.options import AlignmentOptions
from workbench.domain import Answer, Contestant, DecodingSettings, Demonstration, ModelRef, Position, Prompt, Question
from workbench.errors import WorkbenchError
from workbench.library.model import Model, load_model
from workbench.library.open_project import OpenProject, create_project, open_project
from workbench.library.reading import read_demonstrations, read_prompt, read_questions
from workbench.library.results import (
    Bench,
    Evaluation,
    Gain,
    RecipeFound,
    Scores,
    SearchFound,
    Sensitivity,
    Training,
)
from workbench.library.runs import align, bench, contestant, preset, score, search
from workbench.search.options import SearchOptions
from workbench.services.benching import JudgeChoice, NewContestant
from workbench.services.searches import Pool

__all__ = [
    "AlignmentOptions", "Answer", "Bench", "Contestant", "DecodingSettings", "Demonstration", "Evaluation", "Gain",
    "HarnessOptions", "JudgeChoice", "Model", "ModelRef", "NewContestant", "OpenProject", "Pool", "Position",
    "Prompt", "Question", "RecipeFound", "Scores", "SearchFound", "SearchOptions", "Sensitivity", "Training",
    "WorkbenchError", "align", "bench", "contestant", "create_project", "load_model", "open_project", "preset",
    "read_demonstrations", "read_prompt", "read_questions", "score", "search",
]
