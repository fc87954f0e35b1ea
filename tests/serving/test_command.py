"""`fraudstream models serve` as a user starts and ends it."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from support.forked import Forked
from support.served import ROW

from fraudstream.serving import extra
from fraudstream.serving.program import serve
from models.registry.registry import Registry
from schemas.errors import Misconfigured
from schemas.settings import load
from serving.server import listen

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"serving iris, version 1, digest [0-9a-f]{12}, on (http://127\.0\.0\.1:\d+)\n")
BODY = {"inputs": [ROW]}


def command(registry: Registry, *more: str, model: str = "models:/iris/Production") -> list[str]:
    return [sys.executable, "-m", "fraudstream", "models", "serve", "-m", model, "--root", str(registry.root), *more]


@contextmanager
def program(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """It and its address, once it has said where it is."""
    process: Any = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        found = LINE.fullmatch(process.stdout.readline())
        assert found
        yield process, found[1]
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()


def test_it_says_what_it_serves_and_drains(shelf: Registry) -> None:
    """The start line names model, version, digest and port. SIGTERM: what was asked is answered, then it ends, 0."""
    with program(*command(shelf, "-p", "0", "-t", "30")) as (process, url):
        assert httpx.post(f"{url}/invocations", json={"data": [ROW]}).json() == {"predictions": [0]}
        rows = {"inputs": [ROW] * 60_000}
        answers: list[httpx.Response] = []
        thread = threading.Thread(
            target=lambda: answers.append(httpx.post(f"{url}/invocations", json=rows, timeout=60))
        )
        thread.start()
        while "fraudstream_http_queue_bytes 0.0" in httpx.get(f"{url}/metrics").text:
            assert thread.is_alive()
        process.send_signal(signal.SIGTERM)
        thread.join(60)
        assert process.wait(20) == 0
    assert len(answers[0].json()["predictions"]) == 60_000


def test_workers_share_the_port(shelf: Registry) -> None:
    """Two processes answer, the death of one stops nothing, metrics are of both, and SIGTERM ends all with 0."""
    with program(*command(shelf, "-p", "0", "-w", "2")) as (process, url):
        children = children_of(process)
        assert len(children) == 2
        assert [status_of(url) for _ in range(20)] == [200] * 20
        told = httpx.get(f"{url}/metrics").text
        counted = re.search(r'fraudstream_http_requests_total\{route="/invocations",status="200"\} (\d+)', told)
        assert counted
        assert int(counted[1]) == 20
        os.kill(children[1], signal.SIGKILL)
        assert [status_of(url) for _ in range(10)] == [200] * 10
        while len(now := children_of(process)) < 2 or children[1] in now:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_who_is_asked_to_end_before_it_serves_ends() -> None:
    """A worker that is started again while its supervisor ends has nobody who waits for it."""
    settings = load({"serve.port": "0"}, env={})
    before = signal.getsignal(signal.SIGTERM)
    with listen(settings.serve) as listener:
        serve(Starlette(), settings, listener, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    assert signal.getsignal(signal.SIGTERM) == before


def children_of(process: subprocess.Popen[str]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def status_of(url: str) -> int:
    """Of a request on a connection of its own."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    try:
        connection.request("POST", "/invocations", json.dumps(BODY), {"content-type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["-m", "models:/nobody/Production"], 78, "has no model nobody"),
        (["-m", "models:/iris/9"], 78, "has no version 9"),
        (["-m", "nowhere/at/all"], 64, "there is no model at nowhere/at/all"),
        (["-m", "runs:/abc/model"], 64, "tracking server"),
        (["-h", "0.0.0.0"], 78, "no key is asked for"),
        (["--set", "serve.tls_cert=cert.pem"], 78, "go together"),
        (["-p", "99999"], 78, "serve.port"),
    ],
)
def test_what_is_wrong_is_said(shelf: Registry, forked: Forked, arguments: list[str], code: int, said: str) -> None:
    """One message, what to do about it, and the exit code of its class; no traceback."""
    done = forked.run(*command(shelf, "-p", "0")[3:], *arguments, cwd=ROOT, env=os.environ)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken(shelf: Registry, forked: Forked) -> None:
    """69, the port, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = forked.run(*command(shelf, "-p", str(port))[3:], cwd=ROOT, env=os.environ)
    assert done.returncode == 69
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the packages that serve, the command that installs them is told."""
    extra.needed()
    monkeypatch.setattr(extra, "find_spec", lambda name: None)
    with pytest.raises(Misconfigured, match="not installed: fastapi, uvicorn") as error:
        extra.needed()
    assert 'pip install "fraudstream[serve]"' in str(error.value)
