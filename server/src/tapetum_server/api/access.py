"""Who may do what: the server's own facts, projects, keys and the browser's session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, Field, PlainSerializer, SecretStr
from starlette.requests import Request

from tapetum_server.api.dependencies import (
    NOBODY,
    SESSION_COOKIE,
    Admin,
    Reader,
    catalog_of,
    demand,
    identity_of,
    project_not_found,
)
from tapetum_server.api.errors import ERROR_RESPONSES, ApiError
from tapetum_server.catalog.errors import (
    InvalidExpiry,
    InvalidName,
    InvalidRetention,
    ProjectExists,
    TooManyProjects,
    UnknownKey,
    UnknownProject,
)
from tapetum_server.catalog.keys import Key as CatalogKey
from tapetum_server.catalog.projects import Project as CatalogProject
from tapetum_server.signals.identity import Identity, KeyScope

router = APIRouter(
    prefix="/v1", tags=["access"], responses=ERROR_RESPONSES, generate_unique_id_function=lambda route: route.name
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What the server says about itself. `app` puts it on `app.state.facts`."""

    version: str
    auth: Literal["open", "keys"]
    otlp_http: str
    otlp_grpc: str | None
    public_url: str
    """Where people find this server in a browser: the beginning of every link that leaves it."""
    sql_enabled: Callable[[Identity], bool]
    """Whether this caller may run SQL; the SQL door asks the same."""
    demo: bool = False


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


Time = Annotated[datetime, PlainSerializer(_iso, return_type=str)]


class Caller(BaseModel):
    """Who is calling."""

    name: str
    scopes: list[KeyScope]
    project: str | None


class Info(BaseModel):
    """What the server says about itself. Without a key: its version and that it wants one."""

    version: str
    auth: Literal["open", "keys"]
    identity: Caller | None = None
    projects: list[str] | None = None
    sql_enabled: bool | None = None
    otlp_http: str | None = None
    otlp_grpc: str | None = None
    demo: bool | None = None


class Retention(BaseModel):
    """How many days each signal is kept."""

    traces: int
    logs: int
    metrics: int
    predictions: int
    labels: int


class RetentionChange(BaseModel):
    """The signals to keep for another number of days; the others stay as they are."""

    traces: int | None = None
    logs: int | None = None
    metrics: int | None = None
    predictions: int | None = None
    labels: int | None = None


class Project(BaseModel):
    """Whose telemetry it is. Nobody sees another project's data."""

    name: str
    created_at: Time
    retention: Retention


class ProjectList(BaseModel):
    """The projects this caller can see."""

    projects: list[Project]


class NewProject(BaseModel):
    """A project to make."""

    name: str


class ProjectChange(BaseModel):
    """What to change about a project."""

    retention: RetentionChange


class Key(BaseModel):
    """One key: everything but the key itself, which is not kept."""

    id: str
    name: str
    prefix: str
    scopes: list[KeyScope]
    project: str | None
    created_at: Time
    last_used_at: Time | None
    expires_at: Time | None
    revoked_at: Time | None


class KeyList(BaseModel):
    """The keys this caller can manage."""

    keys: list[Key]


class NewKey(BaseModel):
    """A key to make."""

    name: str
    scopes: list[KeyScope] = Field(min_length=1)
    project: str | None = None
    expires_at: AwareDatetime | None = None


class MadeKey(Key):
    """A key that was just made."""

    key: str
    """The key itself. It is shown here once and never again."""


class SessionRequest(BaseModel):
    """The key to exchange for a cookie."""

    # A secret: validation errors and representations do not repeat it.
    key: SecretStr


class SessionInfo(BaseModel):
    """A session that was just opened."""

    identity: Caller
    expires_at: Time


@router.get("/info", response_model_exclude_unset=True)
async def info(request: Request) -> Info:
    """What this server is and who you are to it."""
    facts = cast(ServerFacts, request.app.state.facts)
    identity = identity_of(request)
    if identity is NOBODY:
        return Info(version=facts.version, auth=facts.auth)
    names = catalog_of(request).projects.names()
    return Info(
        version=facts.version,
        auth=facts.auth,
        identity=_caller(identity),
        projects=[name for name in names if identity.may_use(name)],
        sql_enabled=facts.sql_enabled(identity),
        otlp_http=facts.otlp_http,
        otlp_grpc=facts.otlp_grpc,
        demo=facts.demo,
    )


@router.get("/projects")
def list_projects(request: Request, caller: Reader) -> ProjectList:
    """The projects you can see, with how long their signals are kept."""
    found = catalog_of(request).projects.all()
    return ProjectList(projects=[_project(project) for project in found if caller.may_use(project.name)])


@router.post("/projects", status_code=201)
def create_project(request: Request, caller: Admin, new: NewProject) -> Project:
    """Make a project. The first write to a new name makes one too."""
    demand(caller, "admin", every_project=True)
    try:
        return _project(catalog_of(request).projects.create(new.name))
    except InvalidName as error:
        raise ApiError("invalid_name", str(error), 422, field="name") from error
    except ProjectExists as error:
        raise ApiError("project_exists", str(error), 409, field="name") from error
    except TooManyProjects as error:
        raise ApiError("too_many_projects", str(error), 409) from error


@router.patch("/projects/{name}")
def change_project(request: Request, name: str, caller: Admin, change: ProjectChange) -> Project:
    """Keep a project's signals for another number of days, also what is there already."""
    if not caller.may_use(name):
        raise project_not_found(name)
    try:
        changed = catalog_of(request).projects.set_retention(name, **change.retention.model_dump())
    except UnknownProject as error:
        raise project_not_found(name) from error
    except InvalidRetention as error:
        raise ApiError("invalid_retention", str(error), 422, field=error.field) from error
    return _project(changed)


@router.get("/keys")
def list_keys(request: Request, caller: Admin) -> KeyList:
    """Every key you can manage, revoked and expired ones too."""
    return KeyList(keys=[_key(key) for key in catalog_of(request).keys.all() if _manages(caller, key)])


@router.post("/keys", status_code=201)
def create_key(request: Request, caller: Admin, new: NewKey) -> MadeKey:
    """Make a key. The answer is the only time it is shown."""
    project = new.project or caller.project
    if project is not None and not caller.may_use(project):
        raise project_not_found(project)
    try:
        made, token = catalog_of(request).keys.create(new.name, new.scopes, project=project, expires_at=new.expires_at)
    except InvalidName as error:
        raise ApiError("invalid_name", str(error), 422, field=error.field) from error
    except InvalidExpiry as error:
        raise ApiError("invalid_expiry", str(error), 422, field="expires_at") from error
    except TooManyProjects as error:
        raise ApiError("too_many_projects", str(error), 409) from error
    return MadeKey(**_key(made).model_dump(mode="python"), key=token)


@router.delete("/keys/{key_id}", status_code=204)
def revoke_key(request: Request, key_id: str, caller: Admin) -> None:
    """Make a key useless from now on. It stays in the list."""
    keys = catalog_of(request).keys
    try:
        if not _manages(caller, keys.get(key_id)):
            raise UnknownKey(key_id)
        keys.revoke(key_id)
    except UnknownKey as error:
        raise ApiError(
            "key_not_found", f"There is no key {key_id!r}.", 404, field="key_id", hint="GET /api/v1/keys lists them."
        ) from error


@router.post("/session", status_code=201)
def open_session(request: Request, response: Response, body: SessionRequest) -> SessionInfo:
    """Exchange a key for a browser's cookie, so that no script ever holds the key."""
    catalog = catalog_of(request)
    token = body.key.get_secret_value().strip()
    key = catalog.keys.verify(token) or catalog.keys.look_up(token)
    if key is None:
        raise ApiError(
            "invalid_key",
            "This key is unknown, revoked or expired.",
            401,
            field="key",
            hint="Make one on the server: tapetum keys create --name NAME --scope read",
        )
    demand(key.identity, "read")
    session = catalog.sessions.open(key)
    response.set_cookie(
        SESSION_COOKIE,
        session.token,
        max_age=session.lifetime_s,
        path=request.scope.get("state", {}).get("root_path") or "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return SessionInfo(identity=_caller(key.identity), expires_at=session.expires_at)


@router.delete("/session", status_code=204)
def close_session(request: Request, response: Response) -> None:
    """Log out: end the session and clear the cookie."""
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        catalog_of(request).sessions.close(token)
    response.delete_cookie(
        SESSION_COOKIE,
        path=request.scope.get("state", {}).get("root_path") or "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def _caller(identity: Identity) -> Caller:
    return Caller(name=identity.name, scopes=sorted(identity.scopes), project=identity.project)


def _project(project: CatalogProject) -> Project:
    return Project(
        name=project.name,
        created_at=project.created_at,
        retention=Retention(**asdict(project.retention)),
    )


def _key(key: CatalogKey) -> Key:
    return Key(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        scopes=list(key.scopes),
        project=key.project,
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )


def _manages(caller: Identity, key: CatalogKey) -> bool:
    return caller.project is None or caller.project == key.project
