"""`fraudstream top` beside a worker that really runs: as numbers, as text, and on a terminal."""

import fcntl
import json
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.deployment import Deployment, fresh_settings

from fraudstream.local import ports
from fraudstream.local.running import Servers
from fraudstream.top.figures import State, figures
from fraudstream.top.nodes import Node, ask
from schemas.topics import Role

ROWS = 40
WIDTH = 120
SEQUENCES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
CURSOR_SHOWN = "\x1b[?25h"


@dataclass(frozen=True)
class Scoring:
    """A worker that has scored some rows, and where it answers."""

    deployment: Deployment
    process: subprocess.Popen[bytes]
    node: Node

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"FRAUDSTREAM_HEALTH_PORT": str(self.node.port), "COLUMNS": "", "LINES": ""}

    def score(self) -> None:
        """Answered when it returns."""
        before = len(self.deployment.read(Role.FLAGS).messages)
        self.deployment.publish([self.deployment.transaction(each, amount_minor=900_000) for each in range(ROWS)])
        self.deployment.await_records(Role.FLAGS, before + ROWS)


@pytest.fixture(scope="module")
def scoring(services: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scoring]:
    folder = tmp_path_factory.mktemp("scoring")
    deployment = Deployment(fresh_settings(services, folder), folder)
    port = ports.pick(random.Random())
    process = deployment.start(score_start="earliest", health_port=str(port))
    found = Scoring(deployment, process, Node("127.0.0.1", port))
    try:
        found.score()
        yield found
    finally:
        deployment.end()


def top(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fraudstream", "top", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def eventually(said: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def lags(node: Node) -> list[int]:
    found = ask([node])
    return [each.lag_records for each in figures(found, found, 1.0).partitions]


def test_the_figures_of_a_running_worker(scoring: Scoring) -> None:
    """What was scored between two looks is what is shown: by outcome, with its stages, its age, who did it, no lag."""
    eventually(lambda: lags(scoring.node) == [0] * 6)
    before = ask([scoring.node])
    scoring.score()
    eventually(lambda: figures(before, ask([scoring.node]), 2.0).outcomes["block"].per_s == ROWS / 2)
    found = figures(before, ask([scoring.node]), 2.0)
    (worker,) = found.workers
    assert (worker.state, worker.partitions, worker.decisions_per_s) == (State.READY, 6, ROWS / 2)
    settings = scoring.deployment.settings
    assert worker.identity == f"{settings.score.app}-{settings.score.node}-0"
    assert worker.pid in {event["pid"] for event in scoring.deployment.events() if event["event"] == "slot.started"}
    assert worker.turn_age_s is not None
    assert worker.turn_age_s < 5
    assert worker.model
    assert {"decode", "decide", "publish"} <= set(found.stages)
    for spread in (found.age, *found.stages.values()):
        assert spread.p50 is not None
        assert spread.p99 is not None
        assert 0 < spread.p50 <= spread.p99
    assert found.checkpoints["committed"].per_s > 0
    assert found.degraded == {"churn_unavailable": 1}
    assert found.standstill_s == {}


def test_once_as_text_and_as_json(scoring: Scoring) -> None:
    """Without a terminal it is plain lines; --json is one object; a slot that nobody fills is away."""
    arguments = ("--once", "--interval", "0.2", "--workers", "2")
    plain = top(*arguments, environment=scoring.environment)
    assert plain.returncode == 0, plain.stderr
    assert "\x1b" not in plain.stdout
    assert plain.stdout.startswith("1 of 2 workers answer; 0 decisions/s")
    assert f"away: 127.0.0.1:{scoring.node.port + 1}: nothing listens there" in plain.stdout.splitlines()
    told = json.loads(top(*arguments, "--json", environment=scoring.environment).stdout)
    assert [each["state"] for each in told["workers"]] == ["ready", "away"]
    assert [each["partition"] for each in told["partitions"]] == [*range(6)]


def test_seconds_bound_it(scoring: Scoring) -> None:
    """So many looks, one after each interval; JSON is a line each."""
    arguments = ("--json", "--interval", "0.2", "--seconds", "0.6", "--node", str(scoring.node))
    done = top(*arguments, environment={**os.environ})
    assert [json.loads(line)["workers"][0]["state"] for line in done.stdout.splitlines()] == ["ready"] * 3


def test_a_terminal(scoring: Scoring) -> None:
    """A table that keeps itself current, until Ctrl-C, which leaves the last one, the cursor, and code 0."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, WIDTH, 0, 0))
    command = [sys.executable, "-m", "fraudstream", "top", "--interval", "0.2"]
    environment = scoring.environment | {"TERM": "xterm-256color"}
    process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        drawn = read_until(ours, lambda text: text.count("1 of 1 workers answer") >= 3)
        process.send_signal(signal.SIGINT)
        drawn += read_until(ours, None)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert "Traceback" not in drawn
    assert drawn.rstrip().endswith(CURSOR_SHOWN)
    last = SEQUENCES.sub("", drawn[drawn.rindex("1 of 1 workers answer") :])
    assert scoring.deployment.settings.score.app in last
    assert "ready" in last
    assert "record to commit" in last
    assert max(map(len, last.splitlines())) <= WIDTH


def test_nobody_answers(tmp_path: Path) -> None:
    """It is said where nobody does, with what starts them, and code 69."""
    port = ports.pick(random.Random())
    done = top("--once", "--interval", "0.1", "--node", f"127.0.0.1:{port}", environment={**os.environ})
    assert done.returncode == 69
    assert f"no worker answers at 127.0.0.1:{port}" in done.stderr
    assert "fraudstream score" in done.stderr
    assert "nothing listens there" in done.stdout


def test_what_answers_is_no_worker(tmp_path: Path) -> None:
    """A web server of somebody else is no worker, whatever it says."""
    (tmp_path / "metrics").write_text("python_info 1.0\n")
    port = ports.pick(random.Random())
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    server = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: ask([Node("127.0.0.1", port)])[0].why not in {"", "nothing listens there"})
        assert ask([Node("127.0.0.1", port)])[0].why == "what answers there is no worker"
        (tmp_path / "metrics").write_text("hello, world\n")
        assert ask([Node("127.0.0.1", port)])[0].scrape is None
    finally:
        server.kill()
        server.wait()


def read_until(terminal: int, enough: Callable[[str], bool] | None) -> str:
    """What was written to it; None reads to its end."""
    text, deadline = "", time.monotonic() + 30
    while enough is None or not enough(text):
        assert time.monotonic() < deadline, text
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            more = os.read(terminal, 65_536)
        except OSError:  # the other side is closed
            break
        text += more.decode(errors="replace")
    return text
