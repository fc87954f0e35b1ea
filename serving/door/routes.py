"""The door's routes: probes as MLflow has them, readiness, version, metrics, and /invocations."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from serving import metrics
from serving.door.described import EXTRA, RESPONSES
from serving.door.invocations import PATH
from serving.door.live import NO_MODEL, Live
from serving.refusal import unavailable


def router(live: Live | None, version: str, waits_for: Sequence[Callable[[], str]] = ()) -> APIRouter:
    found = APIRouter(tags=["model"])
    for path in ("/ping", "/health", "/health/live"):
        found.add_api_route(path, _alive, summary="Whether the door answers")

    @found.get("/health/ready", summary="Whether everything that answers need is there")
    async def ready() -> Response:
        missing = [words for each in waits_for if (words := each())]
        if missing:
            raise unavailable("; ".join(missing))
        return JSONResponse({"status": "ready", **_model(live)})

    @found.get("/version", summary="Release of this program, and the model that answers")
    async def which() -> dict[str, object]:
        return {"version": version, **_model(live)}

    @found.get("/metrics", summary="Prometheus text", response_class=PlainTextResponse)
    async def told(_: Request) -> Response:
        return Response(generate_latest(metrics.registry()), media_type=CONTENT_TYPE_LATEST)

    if live is not None:
        about: dict[str, Any] = {
            "summary": "Predict",
            "openapi_extra": EXTRA,
            "responses": RESPONSES,
            "response_class": Response,
        }
        found.add_api_route(PATH, _answered_before, methods=["POST"], **about)
    return found


async def _answered_before() -> Response:
    """Only to be described: whoever asks is answered before the framework is reached."""
    return Response(status_code=503)


async def _alive() -> dict[str, str]:
    return {"status": "alive"}


def _model(live: Live | None) -> dict[str, object]:
    if live is None:
        return {}
    if live.model is None:
        return {"model": None, "invocations": NO_MODEL}
    ref = live.model.ref
    return {"model": {"name": ref.name, "version": ref.version, "digest": ref.digest}}
