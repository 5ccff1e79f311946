"""Taking a trained student away: a Hugging Face folder, its adapter alone, or one GGUF file."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Literal

from workbench.errors import JobError, ModelError, ProjectError
from workbench.models.files import read_json
from workbench.models.gguf_writer import convert

StudentForm = Literal["merged", "adapter", "gguf"]

FORM_NAMES: dict[StudentForm, str] = {
    "merged": "Hugging Face folder, adapter merged",
    "adapter": "Adapter only (peft)",
    "gguf": "GGUF, float32",
}
ADAPTER = "adapter"                  # beside the trained student's folder, where the run trained one


def forms_of(student: Path) -> dict[StudentForm, str]:
    """Every form, with the reason why it is not to be had, empty where it is. Reads the disk; touches no database."""
    adapter = "" if (student.parent / ADAPTER).is_dir() else "All weights were trained, without an adapter."
    kind = read_json(student / "config.json").get("model_type", "unknown")
    gguf = "" if kind == "llama" else f"A {kind} model is not converted here; llama.cpp has a converter."
    return {"merged": "", "adapter": adapter, "gguf": gguf}


def export_student(student: Path, target: Path, form: StudentForm) -> None:
    """Write ``student`` (a trained student's folder) to ``target``, which must not be there yet; whole or not at all.

    Touches no database, so it may be called off the lane. Raises JobError, ModelError, ProjectError (disk full, …).
    """
    reason = forms_of(student)[form]
    if reason:
        raise JobError(reason, safe="Nothing was written.")
    if target.exists():
        raise ProjectError(f"{target} is there already.", safe="Nothing was written.", remedy="Choose another name.")
    part = target.with_name(target.name + ".part")
    try:
        if form == "gguf":
            convert(student, target)
            return
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(student if form == "merged" else student.parent / ADAPTER, part)
        part.replace(target)
    except (OSError, shutil.Error) as error:
        _remove(part)
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise ProjectError(
            f"{target} cannot be written: {error}.", safe="The trained student is unchanged.",
            remedy="Free some space and try again." if full else "Choose another place, or check its permissions.",
        ) from error
    except ModelError:
        _remove(part)
        raise


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)
