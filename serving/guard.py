"""What every request passes first: whose it is, whether the door drains, and what becomes of an error nobody caught.

Plain ASGI: it costs microseconds, and streams pass through it untouched.
"""

import ipaddress
import time
from collections.abc import Mapping
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.settings.serve import Serve, is_loopback
from serving import metrics
from serving.keys import Keys
from serving.refusal import BROKEN, Refusal

OPEN: Final = frozenset({"/ping", "/health", "/health/ready", "/health/live"})
"""Probes have no keys."""
NO_KEY: Final = "name a key: `Authorization: Bearer …`, or `X-API-Key: …`"
NOT_HERE: Final = "this address listens for this machine alone, and was asked for under another name"

log = structlog.get_logger(__name__)


class Guard:
    """`direct` are routes that are asked so often that they are answered without the framework's."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Serve,
        keys: Keys,
        open_paths: frozenset[str] = OPEN,
        direct: Mapping[str, ASGIApp] | None = None,
    ) -> None:
        self._app, self._keys, self._open, self._direct = app, keys, open_paths, direct or {}
        self._only_here = is_loopback(settings.host) and not keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        began = time.perf_counter()
        try:
            self._admit(scope)
            await self._direct.get(scope["path"], self._app)(scope, receive, answer)
        except Refusal as refusal:
            await _refuse(refusal, answer, scope, receive)
        except Exception as error:  # noqa: BLE001 - nobody gets a traceback
            log.error("request.failed", path=self._route(scope), why=type(error).__name__, at=_place(error))  # noqa: TRY400
            await _refuse(Refusal(500, BROKEN), answer, scope, receive)
        finally:
            metrics.observe(self._route(scope), answer.status, time.perf_counter() - began)

    def _admit(self, scope: Scope) -> None:
        if self._only_here and not _names_loopback(scope["headers"]):
            raise Refusal(421, NOT_HERE, close=True)
        if self._keys and scope["path"] not in self._open and not self._keys.allow(scope["headers"]):
            raise Refusal(401, NO_KEY, headers={"www-authenticate": "Bearer"}, close=True)

    def _route(self, scope: Scope) -> str:
        """The path as it was declared: what callers make up is no label."""
        if scope["path"] in self._direct:
            return str(scope["path"])
        return getattr(scope.get("route"), "path", None) or "other"


class _Answer:
    """Remembers whether an answer has begun, and with what."""

    __slots__ = ("_send", "status")

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


async def _refuse(refusal: Refusal, answer: _Answer, scope: Scope, receive: Receive) -> None:
    """An answer that has begun is cut off by the server, which sees that it is not whole."""
    if not answer.status:
        await refusal.response()(scope, receive, answer)


def _place(error: Exception) -> str:
    """File and line where it was raised; its words may hold what somebody sent."""
    found = error.__traceback__
    while found is not None and found.tb_next is not None:
        found = found.tb_next
    return f"{found.tb_frame.f_code.co_filename.rpartition('/')[2]}:{found.tb_lineno}" if found else ""


def _names_loopback(headers: list[tuple[bytes, bytes]]) -> bool:
    """A page elsewhere that lets its name point here would otherwise be answered in a browser here."""
    for name, value in headers:
        if name == b"host":
            host = value.decode("latin-1").rsplit(":", 1)[0] if not value.endswith(b"]") else value.decode("latin-1")
            return _is_here(host.strip("[]"))
    return True


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False
