"""Answers on one port whether the worker lives and is ready, and its metrics.

/health/live    200 while the loop turns, else 503: restart it
/health/ready   200 once partitions were assigned and restored and the loop turns, and what goes on without being in
                order, else 503 and what it waits for
/metrics        Prometheus text
"""

import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from consumer.metrics import REGISTRY
from schemas.errors import Misconfigured

PLAIN: Final = "text/plain; charset=utf-8"


class Health:
    """Serves from the start to `close`; port 0 is any free port, `port` tells which."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        live: Callable[[], bool],
        waits_for: Callable[[], str],
        lacks: Callable[[], str] = lambda: "",
    ) -> None:
        questions = {"/health/live": lambda: "" if live() else "the loop stands still", "/health/ready": waits_for}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/metrics":
                    self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(REGISTRY))
                elif question := questions.get(self.path):
                    wrong = question()
                    status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
                    said = lacks() if question is waits_for and not wrong else ""
                    self._answer(status, PLAIN, f"{wrong or status.phrase}\n{said}".encode())
                else:
                    self._answer(HTTPStatus.NOT_FOUND, PLAIN, b"try /health/live, /health/ready or /metrics\n")

            def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class names it so
                """Scrapes are not worth a line each."""

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise Misconfigured(
                f"health cannot listen on {host}:{port}: {error.strerror}",
                fix="set health.port to a free port, to 0 for any, or to -1 for none",
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
