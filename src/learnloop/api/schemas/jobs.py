"""What does the API take and give about background jobs? One shape for each kind comes in."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field, JsonValue

from learnloop.api.schemas.fields import Body, Reply
from learnloop.core.jobs import Job, JobStatus
from learnloop.journeys.job_kinds import KINDS


def _document(schema: dict[str, Any]) -> None:
    """Each kind with its payload: what the journey checks, said in the document."""
    shapes = []
    for name, kind in sorted(KINDS.items()):
        payload = kind.payload.model_json_schema()
        shape = {"kind": {"const": name}, "payload": payload}
        needed = {"required": ["payload"]} if payload.get("required") else {}
        shapes.append({"title": name, "description": kind.what, "properties": shape, **needed})
    schema["properties"]["kind"] = {"type": "string", "enum": sorted(KINDS)}
    schema["oneOf"] = shapes


class JobIn(Body):
    """Work for later."""

    model_config = ConfigDict(json_schema_extra=_document)

    kind: str = Field(max_length=100)
    payload: dict[str, JsonValue] = Field({}, description="What the kind needs to know.")


class JobErrorOut(Reply):
    """Why the last attempt failed."""

    code: str
    message: str


class JobOut(Reply):
    """A background job."""

    job_id: str
    kind: str
    payload: dict[str, JsonValue]
    status: JobStatus
    progress: float = Field(ge=0, le=1, description="Of the last attempt.")
    stage: str = Field(description="What the last attempt was doing.")
    n_attempts: int
    max_attempts: int
    created_at: datetime
    run_at: datetime = Field(description="It is not begun before.")
    started_at: datetime | None = Field(description="When the last attempt began.")
    finished_at: datetime | None
    result: dict[str, JsonValue] | None
    error: JobErrorOut | None


class JobsOut(Reply):
    """The jobs, newest first, one page at a time."""

    jobs: list[JobOut]
    next_cursor: str | None = Field(description="Ask with it for the next page; null = the last.")


def job_out(job: Job) -> JobOut:
    """One job, without the names of our machines."""
    return JobOut.model_validate(
        {name: getattr(job, name) for name in JobOut.model_fields if name != "error"}
        | {"error": job.error and {"code": job.error.code, "message": job.error.message}}
    )
