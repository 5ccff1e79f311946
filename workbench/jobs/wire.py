"""How specifications and events cross between the processes: one JSON object a line, validated when read."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from workbench.errors import JobError
from workbench.jobs.events import Event
from workbench.jobs.specs import JobSpec

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Word = Literal["pause", "resume", "cancel"]


def encode_spec(spec: JobSpec) -> str:
    """A specification as one line of JSON; ASCII, so that no text of a stranger can break the line or the encoding."""
    return _dumps(_specs().dump_python(spec, mode="json"))


def decode_spec(text: str | bytes) -> JobSpec:
    """Raises JobError that names the first fields that are wrong."""
    try:
        return spec_from(json.loads(text))
    except ValueError as error:
        raise JobError(f"The job's specification is not JSON: {error}.") from error


def spec_from(content: object) -> JobSpec:
    """A specification from parsed JSON. Raises JobError that names the first fields that are wrong."""
    from pydantic import ValidationError

    try:
        spec: JobSpec = _specs().validate_python(content)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc'])) or 'specification'}: {e['msg'].lower()}" for e in error.errors()[:3]]
        more = f", and {error.error_count() - 3} more" if error.error_count() > 3 else ""
        raise JobError(f"The job's specification is not valid ({'; '.join(wrong)}{more}).") from error
    return spec


def encode_event(event: Event) -> bytes:
    return _dumps(_events().dump_python(event, mode="json")).encode("ascii") + b"\n"


def decode_event(line: bytes) -> Event:
    """Raises ValueError: only this program's own child writes events, so a bad one is a bug."""
    event: Event = _events().validate_python(json.loads(line))
    return event


def encode_order(*, spec: JobSpec | None = None, word: Word | None = None) -> bytes:
    """A line for the child's standard input: a job to run, or a word about the job that runs."""
    content = {"spec": _specs().dump_python(spec, mode="json")} if spec is not None else {"word": word}
    return _dumps(content).encode("ascii") + b"\n"


def _dumps(content: object) -> str:
    return json.dumps(content, separators=(",", ":"))


@cache
def _specs() -> TypeAdapter[Any]:
    from pydantic import Field, TypeAdapter

    return TypeAdapter(Annotated[JobSpec, Field(discriminator="kind")])


@cache
def _events() -> TypeAdapter[Any]:
    from pydantic import Field, TypeAdapter

    return TypeAdapter(Annotated[Event, Field(discriminator="kind")])
