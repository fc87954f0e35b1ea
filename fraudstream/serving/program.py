"""A program that serves: it listens first, so that a taken port is said at once, and ends when it is asked to."""

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final

import structlog
from starlette.types import ASGIApp

from consumer.supervisor import Supervisor
from schemas.settings import Settings
from serving.metrics import SHARED
from serving.server import address, listen, server

log = structlog.get_logger(__name__)

Build = Callable[[], ASGIApp]
ORDERS: Final = (signal.SIGTERM, signal.SIGINT)


def alone(build: Build, settings: Settings, opened: Callable[[str], None]) -> None:
    """In this process. `opened` hears the address when the model is there and the port is ours."""
    listener = listen(settings.serve)
    app = build()
    serve(app, settings, listener, opened)


def serve(app: ASGIApp, settings: Settings, listener: socket.socket, opened: Callable[[str], None]) -> None:
    here = server(app, settings.serve)

    def end(_: int, __: FrameType | None) -> None:
        """Before the server listens to signals itself; it hands them on once it has drained, too."""
        here.should_exit = True

    before = {number: signal.signal(number, end) for number in ORDERS}
    try:
        opened(address(settings.serve, listener))
        if not here.should_exit:
            here.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def several(command: Sequence[str], settings: Settings) -> int:
    """Workers that share one port, each started again when it dies. Their exit code when all have ended.

    `command` is that of one worker; its slot, its end of the lifeline and the port's descriptor are added.
    """
    with listen(settings.serve) as listener, tempfile.TemporaryDirectory(prefix="fraudstream-metrics-") as folder:
        os.environ[SHARED] = folder

        def of(slot: int, lifeline: int) -> list[str]:
            own = ["--slot", str(slot), "--lifeline", str(lifeline), "--listener", str(listener.fileno())]
            return [*command, *own]

        return Supervisor(of, settings.serve.workers, also=[listener.fileno()]).run()


def inherited(descriptor: int) -> socket.socket:
    """The port that the supervisor listens on."""
    return socket.socket(fileno=descriptor)


def this_command() -> list[str]:
    return [sys.executable, "-m", "fraudstream", *sys.argv[1:]]
