"""What a caller hears who does not get what was asked: one shape everywhere, never with anything of the body in it.

{"error_code": "…", "message": "…"}
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.responses import Response

CODES: Final[Mapping[int, str]] = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    421: "MISDIRECTED_REQUEST",
    422: "BAD_REQUEST",
    429: "TOO_MANY_REQUESTS",
    431: "HEADERS_TOO_LARGE",
    500: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""The `error_code` of a status, where nothing more exact is said."""
JSON: Final = "application/json"
RETRY_AFTER_S: Final = 1
BROKEN: Final = "something went wrong here; the log says what"


class Refusal(Exception):
    """Raised anywhere below a route, answered at the rim. `close`: what is left of the request is not read."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        headers: Mapping[str, str] | None = None,
        close: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.code = code or CODES.get(status, HTTPStatus(status).phrase.upper().replace(" ", "_"))
        self.headers = dict(headers or {})
        if close:
            self.headers["connection"] = "close"

    def body(self) -> bytes:
        return json.dumps({"error_code": self.code, "message": self.message}).encode()

    def response(self) -> Response:
        return Response(self.body(), self.status, self.headers, JSON)


def too_many(message: str, *, after_s: int = RETRY_AFTER_S, close: bool = False) -> Refusal:
    return Refusal(429, message, headers={"retry-after": str(after_s)}, close=close)


def unavailable(message: str, *, code: str = "", after_s: int = RETRY_AFTER_S) -> Refusal:
    """Something the answer needs is not there at the moment; the same request may succeed later."""
    return Refusal(503, message, code=code, headers={"retry-after": str(after_s)})
