"""How specifications, events and results cross between the processes: one JSON object a line, validated when read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from workbench.errors import JobError
from workbench.jobs.events import Event, Finished, Plain
from workbench.jobs.kind import JobSpec
from workbench.jobs.kinds import KINDS, kind_that_found
from workbench.jobs.result import Result

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

Word = Literal["pause", "resume", "cancel"]


def encode_spec(spec: JobSpec) -> str:
    """A specification as one line of JSON; ASCII, so that no text of a stranger can break the line or the encoding."""
    return _dumps(_content(spec))


def decode_spec(text: str | bytes) -> JobSpec:
    """Raises JobError that names the first fields that are wrong."""
    try:
        return spec_from(json.loads(text))
    except ValueError as error:
        raise JobError(f"The job's specification is not JSON: {error}.") from error


def spec_from(content: object) -> JobSpec:
    """A specification from parsed JSON. Raises JobError that names the first fields that are wrong."""
    from pydantic import ValidationError

    name = content.get("kind") if isinstance(content, Mapping) else None
    kind = KINDS.get(str(name))
    if kind is None:
        raise JobError(f"The job's specification is not valid: there is no kind of job “{name}”.",
                       remedy=f"Kinds are: {', '.join(KINDS)}.")
    try:
        spec: JobSpec = _specs(kind.name).validate_python(content)
    except ValidationError as error:
        raise JobError(f"The job's specification is not valid ({_wrong(kind.name, error)}).") from error
    return spec


def encode_result(result: Result) -> dict[str, Any]:
    """What a job has found, as it is kept and printed: JSON values by field."""
    content: dict[str, Any] = _results(kind_that_found(result).name).dump_python(result, mode="json")
    return content


def decode_result(kind: str, content: Mapping[str, Any]) -> Result:
    """What a job of this kind has found, perhaps with an older program: what is missing gets its default. Raises
    JobError."""
    from pydantic import ValidationError

    if kind not in KINDS:
        raise JobError(f"There is no kind of job “{kind}”.")
    try:
        result: Result = _results(kind).validate_python(dict(content))
    except ValidationError as error:
        raise JobError(f"What this job has found cannot be read ({_wrong(kind, error)}).") from error
    return result


def encode_event(event: Event) -> bytes:
    if isinstance(event, Finished):
        content = {"kind": event.kind, "job": kind_that_found(event.result).name,
                   "summary": encode_result(event.result)}
    else:
        content = _events().dump_python(event, mode="json")
    return _dumps(content).encode("ascii") + b"\n"


def decode_event(line: bytes) -> Event:
    """Raises ValueError: only this program's own child writes events, so a bad one is a bug."""
    content = json.loads(line)
    if content["kind"] == "finished":
        return Finished(decode_result(content["job"], content["summary"]))
    event: Event = _events().validate_python(content)
    return event


def encode_order(*, spec: JobSpec | None = None, word: Word | None = None) -> bytes:
    """A line for the child's standard input: a job to run, or a word about the job that runs."""
    content = {"spec": _content(spec)} if spec is not None else {"word": word}
    return _dumps(content).encode("ascii") + b"\n"


def _content(spec: JobSpec) -> Any:
    return _specs(spec.kind).dump_python(spec, mode="json")


def _dumps(content: object) -> str:
    return json.dumps(content, separators=(",", ":"))


def _wrong(kind: str, error: ValidationError) -> str:
    """The first fields that are wrong, and why."""
    fields = [f"{'.'.join(map(str, (kind, *field['loc'])))}: {field['msg'].lower()}"
              for field in error.errors()[:3]]
    more = f", and {error.error_count() - 3} more" if error.error_count() > 3 else ""
    return "; ".join(fields) + more


@cache
def _specs(kind: str) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(KINDS[kind].spec)


@cache
def _results(kind: str) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(KINDS[kind].result)


@cache
def _events() -> TypeAdapter[Any]:
    from pydantic import Field, TypeAdapter

    return TypeAdapter(Annotated[Plain, Field(discriminator="kind")])
