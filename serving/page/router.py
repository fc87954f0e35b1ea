"""The addresses of the page: `/`, its files below `/page/`, and the stream of what happens."""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from serving.page import files
from serving.page.live import Live
from serving.page.stream import EventStream, Seats
from serving.refusal import Refusal, unavailable

MOST_VIEWERS: Final = 64
BACK_IN_S: Final = 10
FULL: Final = "as many viewers as there may be are watching; try again in a moment"


def router(live: Live, most: int = MOST_VIEWERS) -> APIRouter:
    found, seats, routes = files.read(), Seats(most), APIRouter(include_in_schema=False)

    @routes.api_route("/", methods=["GET", "HEAD"])
    async def index(request: Request) -> Response:
        return found[files.INDEX].answer(request)

    @routes.get("/page/events")
    async def events(request: Request) -> Response:
        if not seats.take():
            raise unavailable(FULL, code="TOO_MANY_VIEWERS", after_s=BACK_IN_S)
        ending = getattr(request.app.state, "ending", lambda: False)
        return EventStream(live, seats, request.headers.get("last-event-id", ""), ending)

    @routes.api_route("/page/{name}", methods=["GET", "HEAD"])
    async def file(name: str, request: Request) -> Response:
        if name not in found:
            raise Refusal(HTTPStatus.NOT_FOUND, "the page has no such file")
        return found[name].answer(request)

    return routes


def open_paths() -> frozenset[str]:
    """The page and its files need no key: they ask for it."""
    return frozenset({"/", *(f"/page/{name}" for name in files.read())})
