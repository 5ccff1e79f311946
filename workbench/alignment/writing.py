"""What to say when something that training keeps cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from safetensors import SafetensorError

from workbench.alignment.episodes import AlignmentError


@contextmanager
def written(what: str, safe: str = "The last checkpoint is good.") -> Iterator[None]:
    """Turns what the disk says against a file (full, no rights) into an AlignmentError.

    safetensors and torch have errors of their own for it; torch's is a RuntimeError that names its writer.
    """
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        if type(error) is RuntimeError and "PytorchStreamWriter" not in str(error):
            raise
        reason = str(getattr(error, "strerror", "") or error).splitlines()[0]
        raise AlignmentError(f"{what} could not be written: {reason}.", safe=safe,
                             remedy="Free disk space, then resume.") from error
