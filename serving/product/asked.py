"""What a request asks for: one JSON object within the door's limits, with no field that would be passed over."""

import asyncio
import json
from collections.abc import Set as AbstractSet
from typing import Any, Final

from starlette.requests import Request

from schemas.errors import DeadLetter
from schemas.lot.events import Events
from schemas.lot.limits import RANGES
from schemas.settings.serve import Serve
from schemas.tables import BadTable, decoded
from serving.door.body import Bodies
from serving.door.content import kind_in
from serving.refusal import Refusal

LARGE: Final = 16_384
"""Bytes from which on a body is read on a thread, so that small requests do not wait for it."""
NO_OBJECT: Final = "the body is no JSON object"
HALF: Final = f"{NO_OBJECT}: it has half of a surrogate pair"
TIME: Final = {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}}
LATEST_MS: Final = int(next(each.high for each in RANGES if each.column == "event_time"))
TIMES: Final = Events({"name": "Asked", "fields": [TIME]})

Object = dict[str, Any]


class Asked:
    def __init__(self, settings: Serve) -> None:
        self._bodies = Bodies(settings)

    async def object(self, request: Request) -> Object:
        """Raises Refusal: 415, 413, 408, 429, or 400 for what is no JSON object."""
        if kind_in(request.scope["headers"]) != "json":
            raise Refusal(415, "only JSON is read here; say Content-Type: application/json")
        length = request.headers.get("content-length")
        body = await self._bodies.read(request.receive, None if length is None else length.encode("latin-1"))
        try:
            return _parsed(body) if len(body) < LARGE else await asyncio.to_thread(_parsed, body)
        finally:
            self._bodies.release(body)


def only(asked: Object, known: AbstractSet[str]) -> None:
    """A name that was mistyped would otherwise be left out without a word."""
    if not asked.keys() <= known:
        raise Refusal(400, f"the body has a field that is not known; known are {', '.join(sorted(known))}")


def listed(asked: Object, name: str) -> list[Any] | None:
    found = asked.get(name)
    if found is not None and not isinstance(found, list):
        raise Refusal(400, f"{name} is no list")
    return found


def moment_ms(value: object, name: str) -> int | None:
    """Milliseconds since 1970, or ISO 8601 with an offset."""
    if value is None:
        return None
    found = _moment_ms(value, name)
    if not 0 <= found <= LATEST_MS:
        raise Refusal(400, f"{name} is not within 1970 to 2099")
    return found


def _moment_ms(value: object, name: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    try:
        return int(str(TIMES.from_mapping({"time": value})["time"]))
    except DeadLetter as letter:
        raise Refusal(400, letter.detail.replace("time", name, 1)) from None


def _parsed(body: bytes) -> Object:
    try:
        found = decoded(body, streamed=True)
    except BadTable as error:
        raise Refusal(400, f"{NO_OBJECT}: {error.message}") from None
    if not isinstance(found, dict):
        raise Refusal(400, NO_OBJECT)
    if b"\\u" in body and not _is_text(found):
        raise Refusal(400, HALF)
    return found


def _is_text(found: Object) -> bool:
    """JSON can write halves of characters, which nothing behind here could write down."""
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
