"""A schema registry as small as can be, on a real port."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class SchemaIds(BaseHTTPRequestHandler):
    """The two requests of a Confluent-compatible registry that registering a schema and reading one by its id need."""

    schemas: list[str]

    def do_GET(self) -> None:
        number = int(self.path.partition("?")[0].rpartition("/")[2])
        self._answer({"schema": self.schemas[number - 1]})

    def do_POST(self) -> None:
        schema = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["schema"]
        if schema not in self.schemas:
            self.schemas.append(schema)
        self._answer({"id": self.schemas.index(schema) + 1})

    def _answer(self, answer: dict[str, object]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def registry(port: int = 0, *schemas: str) -> Iterator[str]:
    """Its address; the schemas given have the ids 1, 2, and so on."""
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Ids", (SchemaIds,), {"schemas": list(schemas)}))
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
