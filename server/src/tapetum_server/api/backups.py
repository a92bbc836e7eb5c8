"""Backups: make one, see which there are, take one away or remove it. They hold every project: admins of all only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Protocol, cast

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tapetum_server.api.access import Time
from tapetum_server.api.dependencies import require
from tapetum_server.api.errors import ERROR_RESPONSES, ApiError
from tapetum_server.signals.identity import Identity

router = APIRouter(
    prefix="/v1/backups",
    tags=["backups"],
    responses=ERROR_RESPONSES,
    generate_unique_id_function=lambda route: route.name,
)
AdminOfAll = Annotated[Identity, Depends(require("admin", every_project=True))]


class BackupRow(BaseModel):
    """One backup. Only a complete one can be restored."""

    name: str
    state: Literal["complete", "incomplete", "running"]
    began_at: Time
    """What was acknowledged before this moment is in it."""
    age_s: float
    bytes: int
    rows: int | None
    """In the store's tables, before duplicates are taken out; of a complete one."""
    version: str | None


class BackupStatus(BaseModel):
    """The backups that there are, and the one that is being made."""

    directory: str
    """On the server's machine."""
    elsewhere: str | None
    """Why this server makes no backups, and what does."""
    running: bool
    progress: float | None
    """From 0 to 1, of the one that is being made."""
    step: Literal["copying", "checksums", "done"] | None
    failure: str | None
    """What went wrong with the last one that this process began."""
    backups: list[BackupRow]


class NewBackup(BaseModel):
    """A backup to make."""

    model_config = ConfigDict(extra="forbid")

    keep: int | None = Field(default=None, ge=1, le=1000)
    """Afterwards remove complete backups but for this many, the newest."""


class BackupRefused(Exception):
    """Nothing was done; `code` is a short stable name, the message says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BackupKeeper(Protocol):
    """Who makes and keeps backups. Calls may block; each raises `BackupRefused`."""

    def start(self, keep: int | None) -> None:
        """Begin a backup and return; `status` says how it goes. Then keep only the newest `keep`."""
        ...

    def status(self) -> BackupStatus:
        """What there is and what is being made."""
        ...

    def delete(self, name: str) -> None:
        """Remove one that is not being made."""
        ...

    def download(self, name: str) -> tuple[int, Iterator[bytes]]:
        """A complete one as one file: its length, and its pieces."""
        ...


_STATUS = {"backup_not_found": 404, "backup_elsewhere": 501}
_HINTS = {
    "backup_running": "GET /api/v1/backups says how far it is.",
    "backup_not_found": "GET /api/v1/backups lists them.",
}


def _keeper(request: Request) -> BackupKeeper:
    return cast(BackupKeeper, request.app.state.backups)


def _refused(error: BackupRefused) -> ApiError:
    return ApiError(error.code, str(error), _STATUS.get(error.code, 409), hint=_HINTS.get(error.code))


@router.get("")
def list_backups(request: Request, caller: AdminOfAll) -> BackupStatus:
    """The backups in the server's directory of backups, the newest first, and how far the one being made is."""
    return _keeper(request).status()


@router.post("", status_code=202)
def create_backup(request: Request, caller: AdminOfAll, new: NewBackup) -> BackupStatus:
    """Begin a backup beside ingest and queries; ask `GET /backups` until it is done. One at a time."""
    keeper = _keeper(request)
    try:
        keeper.start(new.keep)
    except BackupRefused as error:
        raise _refused(error) from error
    return keeper.status()


_TAR: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A tar of the backup's directory, as `tapetum restore` takes it.",
        "content": {"application/x-tar": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/{name}/file", response_class=Response, responses=_TAR)
def download_backup(request: Request, caller: AdminOfAll, name: str) -> Response:
    """A complete backup as one file."""
    try:
        size, pieces = _keeper(request).download(name)
    except BackupRefused as error:
        raise _refused(error) from error
    return StreamingResponse(
        pieces,
        media_type="application/x-tar",
        headers={"content-length": str(size), "content-disposition": f'attachment; filename="{name}.tar"'},
    )


@router.delete("/{name}", status_code=204)
def delete_backup(request: Request, caller: AdminOfAll, name: str) -> None:
    """Remove a backup, complete or not."""
    try:
        _keeper(request).delete(name)
    except BackupRefused as error:
        raise _refused(error) from error
