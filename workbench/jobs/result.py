"""What a finished job has found."""

from __future__ import annotations


class Result:
    """The base of what kinds of jobs report: frozen dataclasses, each beside its specification in ``jobs/kinds``.

    They are kept in the project as JSON. Every field has a default, so that what an older program wrote can be read.
    """

    __slots__ = ()
