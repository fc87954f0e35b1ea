"""Schema keys become schemas, from the bundled contracts or from a registry that may be down, slow, wrong or noise."""

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from schemas.contracts import DECISION, LABEL, TRANSACTION, VERSIONS
from schemas.errors import DeadLetter, Misconfigured, RegistryAway
from schemas.registry import AWAY_SECONDS, NO_SUCH_SECONDS, ConfluentRegistry, Fingerprints, Registry
from schemas.settings import load

Answer = tuple[int, bytes]
NOT_FOUND: Answer = (404, b'{"error_code": 40403, "message": "Schema not found"}')


@dataclass
class Server:
    """A registry over HTTP on this machine: the paths of the Confluent API that are used, and any trouble on top."""

    schemas: dict[int, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    trouble: Callable[[], Answer | None] = lambda: None
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    http: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        self.http = listening(self, 0)

    @property
    def port(self) -> int:
        return int(self.http.server_address[1])

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def answer(self, path: str, body: bytes) -> Answer:
        if (trouble := self.trouble()) is not None:
            return trouble
        if found := re.fullmatch(r"/schemas/ids/(\d+)", path):
            return self._by_id(int(found[1]))
        if re.fullmatch(r"/subjects/[^/]+/versions", path):
            return self._registered(json.loads(body)["schema"])
        return 404, b"<html>nothing here</html>"

    def _by_id(self, number: int) -> Answer:
        if number not in self.schemas:
            return NOT_FOUND
        return 200, json.dumps({"schema": self.schemas[number], **self.extra}).encode()

    def _registered(self, schema: str) -> Answer:
        known = {text: number for number, text in self.schemas.items()}
        number = known.get(schema, max(self.schemas, default=0) + 1)
        self.schemas[number] = schema
        return 200, json.dumps({"id": number}).encode()


def listening(server: Server, port: int) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests.append(f"{self.command} {self.path}")
            server.headers.append(dict(self.headers))
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, text = server.answer(self.path.partition("?")[0], body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_GET  # noqa: N815 - the base class looks for this name

        def log_message(self, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    http.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that gave up are no news
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return http


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(server: Server, clock: Clock, tmp_path: Path) -> Callable[..., ConfluentRegistry]:
    """A registry client as a freshly started process has it."""

    def opened(**properties: object) -> ConfluentRegistry:
        conf = {"url": f"http://127.0.0.1:{server.port}", "timeout": 0.3, "max.retries": 0, **properties}
        return ConfluentRegistry(conf, tmp_path / "cache", clock)

    return opened


def key(number: int) -> bytes:
    return number.to_bytes(4, "big")


def always(status: int, body: bytes = b"{}") -> Callable[[], Answer]:
    return lambda: (status, body)


def test_every_published_contract_is_known_by_its_fingerprint() -> None:
    """The bundled contracts need no server."""
    fingerprints = Fingerprints()
    assert [fingerprints.writer(contract.fingerprint) for contract in VERSIONS] == [each.schema for each in VERSIONS]


def test_an_unknown_fingerprint_is_for_the_dead_letters() -> None:
    """Its record can never be read; the reason names the fingerprint."""
    with pytest.raises(DeadLetter, match="0102030405060708") as caught:
        Fingerprints().writer(bytes(range(1, 9)))
    assert caught.value.reason == "unknown_schema"


def test_the_length_of_the_key_says_who_is_asked(server: Server, opened: Callable[..., ConfluentRegistry]) -> None:
    """Fingerprints and ids live side by side on one topic."""
    server.schemas[7] = LABEL.text
    registry = Registry(Fingerprints(), opened())
    assert registry.writer(TRANSACTION.fingerprint) == TRANSACTION.schema
    assert registry.writer(key(7))["name"] == "fraudstream.Label"


def test_without_a_registry_ids_are_for_the_dead_letters() -> None:
    """One such record must not stop the others; writing with ids is a mistake in the settings."""
    registry = Registry(Fingerprints(), None)
    with pytest.raises(DeadLetter, match=r"no registry\.url is set"):
        registry.writer(key(7))
    with pytest.raises(Misconfigured, match="needs a schema registry"):
        registry.register(DECISION, "flags-value")


def test_an_id_is_asked_for_once(server: Server, opened: Callable[..., ConfluentRegistry]) -> None:
    """The hot path costs one request per id and process."""
    server.schemas[7] = TRANSACTION.text
    registry = opened()
    first = registry.writer(key(7))
    assert registry.writer(key(7)) is first
    assert server.requests == ["GET /schemas/ids/7"]


def test_an_id_the_registry_does_not_have_is_for_the_dead_letters_for_a_while(
    server: Server, clock: Clock, opened: Callable[..., ConfluentRegistry]
) -> None:
    """The answer is believed for a short time, then the registry is asked again and may know it."""
    registry = opened()
    for _ in range(3):
        with pytest.raises(DeadLetter, match="schema id 7 is not in the registry") as caught:
            registry.writer(key(7))
        assert caught.value.reason == "unknown_schema"
    assert len(server.requests) == 1
    server.schemas[7] = TRANSACTION.text
    clock.now += NO_SUCH_SECONDS
    assert registry.writer(key(7))["name"] == "fraudstream.Transaction"


def test_an_id_no_registry_can_have_is_not_asked_for(server: Server, opened: Callable[..., ConfluentRegistry]) -> None:
    """Ids are positive 32-bit numbers; some registries answer others as if the path were wrong."""
    with pytest.raises(DeadLetter, match="cannot be the id"):
        opened().writer(b"\xff\xff\xff\xff")
    assert server.requests == []


@pytest.mark.parametrize(
    "trouble",
    [
        always(500),
        always(503, b"upstream"),
        always(502, b"\xff\xfe"),
        always(429),
        always(404, b"<html>nothing here</html>"),
        always(404, b'{"error_code": 404, "message": "HTTP 404 Not Found"}'),
        always(302),
        always(418),
        always(200, b""),
        always(200, b"<html>log in</html>"),
        always(200, b"[]"),
        always(200, b'"schema"'),
        always(200, b"{}"),
        always(200, b'{"schema": 5}'),
        always(200, b'{"schema": null}'),
        always(204),
    ],
)
def test_whatever_is_no_answer_means_away(
    server: Server, clock: Clock, opened: Callable[..., ConfluentRegistry], trouble: Callable[[], Answer]
) -> None:
    """Nothing is dead-lettered because of a registry in trouble, and it is asked again afterwards."""
    server.schemas[7] = TRANSACTION.text
    registry, server.trouble = opened(), trouble
    with pytest.raises(RegistryAway, match=f"schema registry http://127.0.0.1:{server.port}, schema id 7: ") as caught:
        registry.writer(key(7))
    assert caught.value.fix
    server.trouble = lambda: None
    clock.now += AWAY_SECONDS
    assert registry.writer(key(7))["name"] == "fraudstream.Transaction"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_login_is_a_matter_of_settings(
    server: Server, opened: Callable[..., ConfluentRegistry], status: int
) -> None:
    """Waiting would not help; the message does not repeat the password."""
    server.trouble = always(status, b'{"error_code": 40101, "message": "Unauthorized"}')
    with pytest.raises(Misconfigured, match=f"{status} Unauthorized") as caught:
        opened(**{"basic.auth.user.info": "me:hush"}).writer(key(7))
    assert caught.value.exit_code == 78
    assert "hush" not in str(caught.value)


def test_a_registry_that_is_down_is_away(server: Server, opened: Callable[..., ConfluentRegistry]) -> None:
    """A refused connection is no answer."""
    registry = opened()
    server.stop()
    with pytest.raises(RegistryAway, match="ConnectError"):
        registry.writer(key(7))


def test_a_registry_that_hangs_is_away_within_the_time_limit(
    server: Server, opened: Callable[..., ConfluentRegistry]
) -> None:
    """A socket that accepts and says nothing costs the configured time and no more."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(RegistryAway, match="Timeout"):
            opened(url=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2).writer(key(7))
        assert time.monotonic() - began < 2


def test_a_registry_that_is_away_is_not_asked_for_every_record(
    server: Server, clock: Clock, opened: Callable[..., ConfluentRegistry]
) -> None:
    """A lot full of ids does not wait for one time limit after the other."""
    registry, server.trouble = opened(), always(503)
    for number in range(1, 9):
        with pytest.raises(RegistryAway):
            registry.writer(key(number))
    assert len(server.requests) == 1


def test_ids_once_seen_work_while_the_registry_is_down(
    server: Server, opened: Callable[..., ConfluentRegistry]
) -> None:
    """In the same process from memory, in the next one from disk; only what was never seen has to wait."""
    server.schemas[7] = TRANSACTION.text
    running = opened()
    expected = running.writer(key(7))
    server.stop()
    assert running.writer(key(7)) == expected
    restarted = opened()
    assert restarted.writer(key(7)) == expected
    with pytest.raises(RegistryAway):
        restarted.writer(key(8))


def test_a_registry_that_answers_is_believed_before_the_disk(
    server: Server, opened: Callable[..., ConfluentRegistry]
) -> None:
    """One that was wiped gives the same ids to other schemas; an old copy would misread every record."""
    server.schemas[7] = TRANSACTION.text
    opened().writer(key(7))
    server.schemas[7] = LABEL.text
    assert opened().writer(key(7))["name"] == "fraudstream.Label"
    del server.schemas[7]
    with pytest.raises(DeadLetter):
        opened().writer(key(7))


def test_two_registries_do_not_share_their_copies(server: Server, opened: Callable[..., ConfluentRegistry]) -> None:
    """Id 7 of one is not id 7 of the other."""
    server.schemas[7] = TRANSACTION.text
    opened().writer(key(7))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(RegistryAway):
        opened(url=f"http://127.0.0.1:{port}").writer(key(7))


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "\x00" * 100,
        lambda text: "[]",
        lambda text: '{"answer": {"schema": "\\"string\\""}, "sha256": "0"}',
        lambda text: text.replace("amount_minor", "amount_major"),
    ],
)
def test_a_damaged_copy_is_as_if_it_were_not_there(
    server: Server, tmp_path: Path, opened: Callable[..., ConfluentRegistry], damage: Callable[[str], str]
) -> None:
    """It is never decoded with, and the next answer of the registry mends it."""
    server.schemas[7] = TRANSACTION.text
    opened().writer(key(7))
    (copy,) = (tmp_path / "cache").rglob("7.json")
    whole = copy.read_text()
    copy.write_text(damage(whole))
    server.trouble = always(503)
    with pytest.raises(RegistryAway):
        opened().writer(key(7))
    server.trouble = lambda: None
    opened().writer(key(7))
    assert copy.read_text() == whole


def test_a_cache_that_cannot_be_written_does_not_disturb(
    server: Server, tmp_path: Path, opened: Callable[..., ConfluentRegistry]
) -> None:
    """Something else in the place of the folder, and schemas are read all the same."""
    (tmp_path / "cache").write_text("a file")
    server.schemas[7] = TRANSACTION.text
    assert opened().writer(key(7))["name"] == "fraudstream.Transaction"
    assert opened().register(TRANSACTION, "transactions-value") == 7


def test_a_full_disk_does_not_disturb(server: Server, tmp_path: Path) -> None:
    """In a process that may not write a single byte, schemas are read all the same and no draft stays behind."""
    server.schemas[7] = TRANSACTION.text
    code = f"""
import pathlib, resource
from schemas.registry import ConfluentRegistry
registry = ConfluentRegistry({{"url": "http://127.0.0.1:{server.port}"}}, pathlib.Path({str(tmp_path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
schema = registry.writer((7).to_bytes(4, "big"))
raise SystemExit(0 if schema["name"] == "fraudstream.Transaction" else 1)
"""
    run = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_no_draft_is_left_behind(server: Server, tmp_path: Path, opened: Callable[..., ConfluentRegistry]) -> None:
    """The folder holds whole answers only."""
    server.schemas[7] = TRANSACTION.text
    opened().writer(key(7))
    assert [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()] == ["7.json"]


@pytest.mark.parametrize(
    ("schema", "extra", "said"),
    [
        ('{"type": "object"}', {"schemaType": "JSON"}, "is JSON, not Avro"),
        ('syntax = "proto3";', {"schemaType": "PROTOBUF"}, "is PROTOBUF, not Avro"),
        (TRANSACTION.text, {"references": [{"name": "a", "subject": "b", "version": 1}]}, "refers to other schemas"),
        ('"string"', {}, "is not of a record"),
        ('["null", "string"]', {}, "is not of a record"),
        ('{"type": "enum", "name": "E", "symbols": ["A"]}', {}, "is not of a record"),
        ("{", {}, "is not valid Avro"),
        ("[" * 5000, {}, "is not valid Avro"),
        ("{}", {}, "is not valid Avro"),
        ("5", {}, "is not valid Avro"),
        ("null", {}, "is not valid Avro"),
        ('{"type": "record", "name": "A", "fields": 5}', {}, "is not valid Avro"),
        ('{"type": "record", "name": "A", "fields": [{"name": "a", "type": "B"}]}', {}, "is not valid Avro"),
    ],
)
def test_a_schema_that_cannot_have_written_a_record_is_for_the_dead_letters(
    server: Server, opened: Callable[..., ConfluentRegistry], schema: str, extra: dict[str, Any], said: str
) -> None:
    """Also when it comes from the disk: no noise in a registry stops the worker."""
    server.schemas[7], server.extra = schema, extra
    for trouble in (lambda: None, always(503)):
        server.trouble = trouble
        with pytest.raises(DeadLetter, match=said) as caught:
            opened().writer(key(7))
        assert caught.value.reason == "unknown_schema"


def test_a_contract_is_registered_under_its_subject(server: Server, opened: Callable[..., ConfluentRegistry]) -> None:
    """What is written with the id can be read with the id; registering again changes nothing."""
    registry = Registry(Fingerprints(), opened())
    number = registry.register(DECISION, "fraud flags-value")
    assert registry.register(DECISION, "fraud flags-value") == number
    assert registry.register(LABEL, "fraud-labels-value") != number
    assert json.loads(server.schemas[number]) == json.loads(DECISION.text)
    assert registry.writer(key(number))["name"] == "fraudstream.Decision"
    assert server.requests[0].startswith("POST /subjects/fraud%20flags-value/versions")


def test_a_registered_contract_keeps_its_id_while_the_registry_is_down(
    server: Server, opened: Callable[..., ConfluentRegistry]
) -> None:
    """A restarted worker goes on writing; one that never registered has to wait."""
    number = opened().register(DECISION, "flags-value")
    server.stop()
    restarted = opened()
    assert restarted.register(DECISION, "flags-value") == number
    for contract, subject in ((DECISION, "scores-value"), (LABEL, "flags-value")):
        with pytest.raises(RegistryAway):
            restarted.register(contract, subject)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (409, 409, Misconfigured),
        (422, 42201, Misconfigured),
        (403, 40301, Misconfigured),
        (404, 40401, Misconfigured),
        (404, 404, RegistryAway),
        (500, 50001, RegistryAway),
    ],
)
def test_a_refused_registration_is_told(
    server: Server, opened: Callable[..., ConfluentRegistry], status: int, code: int, error: type[Exception]
) -> None:
    """What a person must decide ends the program; what passes is waited for."""
    server.trouble = always(status, json.dumps({"error_code": code, "message": "no"}).encode())
    with pytest.raises(error, match="subject flags-value"):
        opened().register(DECISION, "flags-value")


@pytest.mark.parametrize("body", [b"{}", b'{"id": "x"}', b"[]", b"no"])
def test_a_registration_answered_with_noise_is_tried_again(
    server: Server, clock: Clock, opened: Callable[..., ConfluentRegistry], body: bytes
) -> None:
    """An id is a number or there is none."""
    registry, server.trouble = opened(), always(200, body)
    with pytest.raises(RegistryAway):
        registry.register(DECISION, "flags-value")
    server.trouble = lambda: None
    clock.now += AWAY_SECONDS
    assert registry.register(DECISION, "flags-value") == 1


def test_the_settings_reach_the_registry(server: Server, tmp_path: Path) -> None:
    """User and password from the settings are sent, and the next address is tried where the first is down."""
    server.schemas[7] = TRANSACTION.text
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    given = {
        "registry.url": f"http://127.0.0.1:{port},http://127.0.0.1:{server.port}/",
        "registry.properties.basic.auth.user.info": "me:hush",
        "registry.properties.max.retries": "0",
    }
    registry = ConfluentRegistry(load(given, env={}).registry.client(), tmp_path)
    assert registry.writer(key(7))["name"] == "fraudstream.Transaction"
    assert server.headers[0]["Authorization"] == "Basic bWU6aHVzaA=="


@pytest.mark.parametrize(
    "properties", [{"no.such.property": "x"}, {"basic.auth.user.info": "hush"}, {"ssl.ca.location": "/no/such/file"}]
)
def test_properties_the_client_does_not_take_are_a_matter_of_settings(
    opened: Callable[..., ConfluentRegistry], properties: dict[str, str]
) -> None:
    """They are found at the first question, with the client's reason and no secret."""
    with pytest.raises(Misconfigured, match="refuses its settings") as caught:
        opened(**properties).writer(key(7))
    assert "hush" not in str(caught.value)


def test_noise_does_not_fill_the_memory(opened: Callable[..., ConfluentRegistry]) -> None:
    """Records of noise carry ids without end; what is remembered of them is bounded."""
    registry = opened()
    for number in range(2**31, 2**31 + 5_000):
        with pytest.raises(DeadLetter):
            registry.writer(key(number))
    assert len(registry._no_such) <= 1_000


def test_importing_the_module_is_light() -> None:
    """Without a registry its client is never loaded."""
    code = "import sys, schemas.registry; print('confluent_kafka' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
