"""The workbench for notebooks and scripts: what the window does, as calls. See docs/library.md.

Everything here runs in this process and returns when it is done. The jobs are those of ``workbench.jobs.kinds``, which
the window runs in a child process; with a project, defaults and checks are those of ``workbench.services``.
"""

from workbench.domain import Answer, Contestant, DecodingSettings, Demonstration, ModelRef, Position, Prompt, Question
from workbench.errors import WorkbenchError
from workbench.library.model import Model, load_model
from workbench.library.open_project import OpenProject, create_project, open_project
from workbench.library.reading import read_demonstrations, read_prompt, read_questions
from workbench.library.results import Bench, Gain, Scores, SearchFound, Training
from workbench.library.runs import align, bench, contestant, score, search
from workbench.services.searches import Pool

__all__ = [
    "Answer", "Bench", "Contestant", "DecodingSettings", "Demonstration", "Gain", "Model", "ModelRef", "OpenProject",
    "Pool", "Position", "Prompt", "Question", "Scores", "SearchFound", "Training", "WorkbenchError", "align", "bench",
    "contestant", "create_project", "load_model", "open_project", "read_demonstrations", "read_prompt",
    "read_questions", "score", "search",
]
