"""Serves an application on one port until it is asked to end; then it drains."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from schemas.errors import DependencyAway, Misconfigured
from schemas.settings.serve import Serve
from serving.protocol import Protocol, bounded

BACKLOG: Final = 2_048
START_S: Final = 30.0
TURN_S: Final = 0.005
THROWN: Final = 4
"""How many times the limit of a body is thrown away behind an answer, so that a client that is sending hears it."""
LEAST_THROWN: Final = 1 << 22


def listen(settings: Serve) -> socket.socket:
    """Raises DependencyAway where the port is taken, Misconfigured where the address is not this machine's."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio sends at once only where TCP is said
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((settings.host.strip("[]"), settings.port))
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        where = f"{settings.host}:{settings.port}"
        if isinstance(error, socket.gaierror) or error.errno == 99:  # noqa: PLR2004 - EADDRNOTAVAIL
            raise Misconfigured(f"{where} is no address of this machine", fix="set serve.host") from None
        fix = "stop what listens there, or choose another port with --port or serve.port"
        raise DependencyAway(f"nothing can listen on {where}: {error.strerror}", fix=fix) from None
    found.set_inheritable(True)
    return found


def address(settings: Serve, listener: socket.socket) -> str:
    """The URL under which it is reached from here."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def server(app: ASGIApp, settings: Serve) -> uvicorn.Server:
    """Runs until SIGTERM or SIGINT: nothing new is accepted, what is under way is answered, then it returns.

    Raises Misconfigured for a certificate that cannot be used.
    `app.state.ending` tells streams, which have no end of their own, that the server waits for them.
    """
    config = uvicorn.Config(
        app,
        http=_protocol(settings),
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=settings.idle_timeout_s,  # type: ignore[arg-type] # seconds, and parts of them
        timeout_graceful_shutdown=settings.drain_s,  # type: ignore[arg-type]
        **_tls(settings),
    )
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # a line for every request that is no HTTP fills disks
    try:
        config.load()
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"the certificate {settings.tls_cert} with the key {settings.tls_key} cannot be used: "
            f"{getattr(error, 'strerror', None) or type(error).__name__}",
            fix="name PEM files that belong together in serve.tls_cert and serve.tls_key",
        ) from None
    found = uvicorn.Server(config)
    if isinstance(app, Starlette):
        app.state.ending = lambda: found.should_exit
    return found


@contextmanager
def running(app: ASGIApp, settings: Serve) -> Iterator[str]:
    """In a thread of this process, for as long as the block; its URL. Port 0 is any free one."""
    here = server(app, settings)
    listener = listen(settings)
    thread = threading.Thread(target=here.run, args=([listener],), name="server", daemon=True)
    thread.start()
    end = time.monotonic() + START_S
    while not here.started:
        if not thread.is_alive() or time.monotonic() > end:
            raise DependencyAway("the server did not start", fix="see the log")
        time.sleep(TURN_S)
    try:
        yield address(settings, listener)
    finally:
        here.should_exit = True
        thread.join(settings.drain_s + START_S)


def _protocol(settings: Serve) -> type[Protocol]:
    thrown = max(LEAST_THROWN, THROWN * settings.body_bytes)
    return bounded(settings.headers_timeout_s, settings.body_timeout_s, settings.connections, thrown)


def _tls(settings: Serve) -> dict[str, Any]:
    if settings.tls_cert is None or settings.tls_key is None:
        return {}
    return {
        "ssl_certfile": str(settings.tls_cert.expanduser()),
        "ssl_keyfile": str(settings.tls_key.expanduser()),
    }
