"""What the door does to those who ask too much, too slowly, or not in HTTP."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from support.gated import Gated
from support.served import served

from schemas.settings.serve import Serve
from serving.door.live import Live

JSON = {"content-type": "application/json"}


@contextmanager
def door(model: Gated, **more: Any) -> Iterator[str]:
    with served(Live(model, Serve(**more)), **more) as url:
        try:
            yield url
        finally:
            model.open.set()


@pytest.fixture(scope="module")
def ready() -> Iterator[str]:
    """A door whose clients must be quick, and ask for little."""
    model = Gated()
    model.open.set()
    limits = {"body_bytes": 2_000, "headers_timeout": "300ms", "body_timeout": "300ms", "connections": 8}
    with door(model, **limits) as url:
        yield url


def connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=10)


def heard(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """Status and body of what comes until the server closes."""
    said = b""
    while part := connection.recv(65_536):
        said += part
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_too_large(ready: str, chunked: bool) -> None:
    """413 whether it says its size or not, and the client that goes on sending hears it."""
    body = b'{"inputs": [' + b"1," * 2_000 + b"1]}"
    content = iter([body[:3_000], body[3_000:]]) if chunked else body
    answer = httpx.post(f"{ready}/invocations", content=content, headers=JSON)
    assert (answer.status_code, answer.json()["error_code"]) == (413, "PAYLOAD_TOO_LARGE")


HEAD = "POST /invocations HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"


@pytest.mark.parametrize("expect", ["", "expect: 100-continue\r\n"])
def test_a_body_that_says_it_is_too_large(expect: str) -> None:
    """413 before anything of it came: it is not waited for, however little time there is, nor asked for."""
    model = Gated()
    with door(model, timeout="300ms", body_timeout="20s") as url, connected(url) as connection:
        connection.sendall(f"{HEAD}{expect}content-length: 99999999\r\n\r\n".encode())
        status, said = heard(connection)
        assert (status, said["error_code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_client_that_sends_on_behind_the_answer(ready: str) -> None:
    """All that it sends is thrown away, so that the answer is there when it comes to read it; then that is the end."""
    with connected(ready) as connection:
        connection.sendall(f"{HEAD}content-length: 99999999\r\n\r\n".encode())
        for _ in range(30):
            connection.sendall(b"1" * 100_000)
        assert heard(connection)[0] == 413
        with pytest.raises(ConnectionError):
            connection.sendall(b"1" * 200_000_000)


def test_headers_that_do_not_come(ready: str) -> None:
    """A client that drips its headers is told so and closed, however steadily it drips."""
    with connected(ready) as connection:
        began = time.monotonic()
        for byte in b"GET /ping HTTP/1.1\r\n":
            connection.sendall(bytes([byte]))
            time.sleep(0.01)
        assert heard(connection)[0] == 408
        assert time.monotonic() - began < 5


def test_a_connection_on_which_nothing_comes(ready: str) -> None:
    """A client that connects and says nothing does not keep its place."""
    with connected(ready) as connection:
        assert heard(connection)[0] == 408


def test_a_second_request_that_does_not_come(ready: str) -> None:
    """The same on a connection that has had an answer."""
    with connected(ready) as connection:
        connection.sendall(b"GET /ping HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET /ping HT")
        assert heard(connection)[0] == 408


def test_a_body_that_does_not_come(ready: str) -> None:
    """408, and the connection is closed."""
    with connected(ready) as connection:
        head = "POST /invocations HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 100"
        connection.sendall(f'{head}\r\n\r\n{{"inputs"'.encode())
        status, said = heard(connection)
        assert (status, said["error_code"]) == (408, "REQUEST_TIMEOUT")


def test_what_is_no_http(ready: str) -> None:
    """400 in the one shape, as everything else."""
    with connected(ready) as connection:
        connection.sendall(b"\x16\x03\x01 this is TLS\r\n\r\n")
        status, said = heard(connection)
        assert (status, set(said)) == (400, {"error_code", "message"})


def test_too_many_connections(ready: str) -> None:
    """One more than may be is answered with 503 and a Retry-After; the others go on."""
    held = [connected(ready) for _ in range(8)]
    try:
        with connected(ready) as one_more:
            assert heard(one_more)[0] == 503
        held[0].sendall(b"GET /ping HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert held[0].recv(65_536).startswith(b"HTTP/1.1 200")
    finally:
        for each in held:
            each.close()


def test_an_answer_that_is_late() -> None:
    """504 when the time of a request is over, and the door answers others."""
    model = Gated()
    with door(model, timeout="300ms") as url:
        answer = httpx.post(f"{url}/invocations", json={"inputs": [1]})
        assert (answer.status_code, answer.json()["error_code"]) == (504, "DEADLINE_EXCEEDED")
        assert httpx.get(f"{url}/ping").status_code == 200


@pytest.mark.parametrize("limits", [{"queue_rows": 2}, {"queue_bytes": 1_024}])
def test_more_than_may_wait(limits: dict[str, int]) -> None:
    """429 and when to try again, at once; what waits is answered all the same."""
    model = Gated()
    answers: list[httpx.Response] = []
    body = json.dumps({"inputs": [1, 2], "filling": "x" * 500})
    with door(model, **limits) as url:

        def ask() -> None:
            answers.append(httpx.post(f"{url}/invocations", content=body, headers=JSON))

        threads = [threading.Thread(target=ask)]
        threads[0].start()
        assert model.entered.wait(10)
        for _ in range(3):
            threads.append(threading.Thread(target=ask))
            threads[-1].start()
        end = time.monotonic() + 10
        while not answers and time.monotonic() < end:
            time.sleep(0.01)
        assert answers
        assert {answer.status_code for answer in answers} == {429}
        assert answers[0].headers["retry-after"] == "1"
        model.open.set()
        for thread in threads:
            thread.join(10)
    assert {answer.status_code for answer in answers} == {200, 429}
    assert all(answer.json() == {"predictions": [2, 4]} for answer in answers if answer.status_code == 200)


def test_bodies_that_are_still_coming_count() -> None:
    """Many that send slowly take no more memory than may be taken: the next is refused, the first still answered."""
    model = Gated()
    model.open.set()
    body = json.dumps({"inputs": [1], "filling": "x" * 900}).encode()
    head = "POST /invocations HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nconnection: close"
    with door(model, queue_bytes=1_024) as url, connected(url) as slow:
        slow.sendall(f"{head}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body[:800])
        while "fraudstream_http_queue_bytes 800.0" not in httpx.get(f"{url}/metrics").text:
            time.sleep(0.01)
        assert httpx.post(f"{url}/invocations", content=body, headers=JSON).status_code == 429
        slow.sendall(body[800:])
        assert heard(slow) == (200, {"predictions": [2]})
        assert httpx.post(f"{url}/invocations", content=body, headers=JSON).status_code == 200


def test_under_another_name(ready: str) -> None:
    """A page elsewhere whose name points here is not answered: the door listens for this machine alone."""
    assert httpx.get(f"{ready}/ping", headers={"host": "evil.example"}).status_code == 421
    for name in ("localhost", "localhost:8000", "[::1]:8000", "127.0.0.1"):
        assert httpx.get(f"{ready}/ping", headers={"host": name}).status_code == 200


def test_a_model_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """500 without a word of the model's own, for its words may quote rows."""
    model = Gated()
    model.open.set()
    with door(model) as url:
        answer = httpx.post(f"{url}/invocations", json={"inputs": [13]})
        assert answer.status_code == 500
        assert "bear" not in answer.text
