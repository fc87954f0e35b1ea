"""One application of the parts that a program serves: the MLflow door, and the routers that others hang in."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from schemas.errors import DependencyAway, FraudstreamError, Retry, Usage
from schemas.settings.serve import Serve
from serving import reading
from serving.door.invocations import PATH, Invocations
from serving.door.live import Live
from serving.door.routes import router
from serving.guard import OPEN, Guard
from serving.keys import Keys
from serving.refusal import BROKEN, Refusal, unavailable

TITLE: Final = "fraudstream"

log = structlog.get_logger(__name__)

Running = Callable[[], AbstractAsyncContextManager[None]]
Question = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Parts:
    """What this program serves.

    `live` is the model of /invocations. `routers` are hung in as they are; `running` are entered when the application
    starts and left when it ends; each of `waits_for` says what the door waits for before it is ready, or nothing.
    `open_paths` need no key, besides those of probes.
    """

    settings: Serve
    version: str
    live: Live | None = None
    routers: tuple[APIRouter, ...] = ()
    running: tuple[Running, ...] = ()
    waits_for: tuple[Question, ...] = ()
    open_paths: frozenset[str] = frozenset()


def build(parts: Parts) -> FastAPI:
    """Raises Misconfigured where keys are to be read and cannot be."""
    app = FastAPI(title=TITLE, version=parts.version, lifespan=_lifespan(parts), docs_url=None, redoc_url=None)
    app.include_router(router(parts.live, parts.version, parts.waits_for))
    for each in parts.routers:
        app.include_router(each)
    reading.hang(app)
    for kind, answer in ANSWERS.items():
        app.add_exception_handler(kind, answer)
    app.add_middleware(
        Guard,
        settings=parts.settings,
        keys=Keys.of(parts.settings),
        open_paths=OPEN | parts.open_paths,
        direct={} if parts.live is None else {PATH: Invocations(parts.live, parts.settings)},
    )
    return app


def _lifespan(parts: Parts) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if parts.live is not None:
                await stack.enter_async_context(parts.live.running())
            for each in parts.running:
                await stack.enter_async_context(each())
            yield

    return run


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for these
    return error.response()


async def _http(_: Request, error: Exception) -> Response:
    """Starlette's own: no such path, another method."""
    assert isinstance(error, HTTPException)  # noqa: S101
    return Refusal(error.status_code, str(error.detail), headers=error.headers).response()


async def _invalid(_: Request, error: Exception) -> Response:
    """What FastAPI's models refuse: the first place and why, without the value that stood there."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    first = error.errors()[0]
    place = ".".join(str(each) for each in first["loc"] if isinstance(each, int) or each in KNOWN_PLACES)
    return Refusal(400, f"{place or 'the request'}: {first['type'].replace('_', ' ')}").response()


async def _failed(_: Request, error: Exception) -> Response:
    """Errors of the tree: something away is 503, wrong input 400, anything else is ours."""
    assert isinstance(error, FraudstreamError)  # noqa: S101
    if isinstance(error, Retry | DependencyAway):
        return unavailable(error.message).response()
    if isinstance(error, Usage):
        return Refusal(400, error.message).response()
    log.error("request.failed", why=type(error).__name__)
    return Refusal(500, BROKEN).response()


KNOWN_PLACES: Final = frozenset({"body", "query", "path", "header"})
ANSWERS: Final = {Refusal: _refused, HTTPException: _http, RequestValidationError: _invalid, FraudstreamError: _failed}
