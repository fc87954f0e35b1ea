"""The addresses of the page: `/`, its files below `/page/`, and the stream of what happens.

The files are for anybody, so that the page can ask for a key; `guard` stands before the stream alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from serving.page import files
from serving.page.live import Live
from serving.page.stream import EventStream, Seats

MOST_VIEWERS: Final = 64
BACK_IN_S: Final = 10


@dataclass(frozen=True, slots=True)
class Page:
    live: Live
    seats: Seats = field(default_factory=lambda: Seats(MOST_VIEWERS))

    def end(self) -> None:
        """Ends all streams within a moment; browsers come back by themselves."""
        self.seats.over = lambda: True


def router(page: Page, guard: Sequence[Callable[..., Any]] = ()) -> APIRouter:
    found, routes = files.read(), APIRouter(include_in_schema=False)

    @routes.api_route("/", methods=["GET", "HEAD"])
    async def index(request: Request) -> Response:
        return found[files.INDEX].answer(request)

    @routes.get("/page/events", dependencies=[Depends(each) for each in guard])
    async def events(request: Request) -> Response:
        if not page.seats.take():
            return _full()
        return EventStream(page.live, page.seats, request.headers.get("last-event-id", ""))

    @routes.api_route("/page/{name}", methods=["GET", "HEAD"])
    async def file(name: str, request: Request) -> Response:
        there = found.get(name)
        return (
            there.answer(request) if there else _refusal(HTTPStatus.NOT_FOUND, "NOT_FOUND", "the page has no such file")
        )

    return routes


def _full() -> Response:
    said = "as many viewers as there may be are watching; try again in a moment"
    return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "TOO_MANY_VIEWERS", said, {"retry-after": str(BACK_IN_S)})


def _refusal(status: HTTPStatus, code: str, said: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error_code": code, "message": said}, status, headers)
