"""Errors that a user can mend. Everything else that is raised is a bug."""

from __future__ import annotations

import re


def shown(text: object) -> str:
    """A text, or a path, as it can be shown and stored: halves of characters (such as the bytes of a file's name in
    another encoding) become replacement characters."""
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", str(text))


class WorkbenchError(Exception):
    """Something a user can mend; shown without a traceback.

    ``what`` says what happened, ``safe`` what was not touched, ``remedy`` what to do next.
    """

    def __init__(self, what: str, *, safe: str = "", remedy: str = "") -> None:
        self.what, self.safe, self.remedy = shown(what), safe, shown(remedy)
        super().__init__(" ".join(part for part in (self.what, safe, self.remedy) if part))


class ProjectError(WorkbenchError):
    """A project cannot be opened, created or written."""


class FormatError(WorkbenchError):
    """A file is not what it claims to be, or cannot be written as asked."""


class PromptError(WorkbenchError):
    """A template or a prompt cannot be rendered, or does not fit the model's context."""


class ModelError(WorkbenchError):
    """A model cannot be registered, verified, loaded or run."""


class JobError(WorkbenchError):
    """A job's specification is not valid, or the job cannot go on."""


class Cancelled(WorkbenchError):
    """The person asked for the work to stop."""

    def __init__(self) -> None:
        super().__init__("Cancelled.", safe="What was finished is kept.")
