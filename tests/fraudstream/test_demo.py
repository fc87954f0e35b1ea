"""The demo as its viewer runs it, on servers of its own and on the viewer's."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka.admin import AdminClient
from redis import Redis

from fraudstream.local.running import Servers

AUDIT = re.compile(
    r"(?P<sent>[\d,]+) transactions, (?P<answered>[\d,]+) answered, (?P<flagged>[\d,]+) flagged: "
    r"0 lost, 0 doubled, 0 out of order; first flag after (?P<first>[\d.]+) s"
)
TRUTH = re.compile(r"truth: (?P<caught>[\d,]+) of (?P<frauds>[\d,]+) frauds caught, (?P<false>[\d,]+) false alarms")
FEW = ("--customers", "100")
"""Their history is sent in a moment."""


def demo(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "fraudstream", "demo", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def audited(output: str) -> re.Match[str]:
    found = AUDIT.search(" ".join(output.split()))
    assert found, output
    return found


def descendants(pid: int) -> set[int]:
    """Everything a process started, and what that started; sessions of their own included."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        parents[int(status.parent.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def left_over(pids: set[int], within: float = 20.0) -> set[int]:
    """A worker that lost both supervisor and broker still waits ten seconds for the broker."""
    deadline = time.monotonic() + within
    while (alive := {pid for pid in pids if runs(pid)}) and time.monotonic() < deadline:
        time.sleep(0.1)
    return alive


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def first_flag(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    for line in process.stdout:
        if " review " in line or " block " in line:
            return
    raise AssertionError(process.communicate()[1])


def test_it_shows_flags_and_accounts_for_every_transaction_while_workers_are_killed() -> None:
    """Without a terminal: how good the model is, a line per flag with reasons and truth, an audit, exit code 0."""
    process = demo("--seconds", "14", "--kill", "--no-page")
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 0, output + errors
    assert "live page" not in output
    audit = audited(output)
    assert audit["sent"] == audit["answered"] != "0"
    assert len(re.findall(r" (review|block) ", output)) == int(audit["flagged"]) > 0
    assert re.search(r"judged on 7 simulated days .*\n.*average precision.*\n fraud .*\n rules only ", output)
    assert " Fraud was confirmed at this terminal not long ago. " in output
    truth = TRUTH.search(output)
    assert truth
    assert int(truth["caught"]) + int(truth["false"]) == int(audit["flagged"])
    assert len(re.findall(r"\[genuine\]$", output, re.MULTILINE)) == int(truth["false"])
    assert int(truth["caught"]) > int(truth["frauds"]) / 3
    killed = re.search(r"workers killed: (\d+); decided once more from the logs: 0 wrong", output)
    assert killed
    assert int(killed[1]) == output.count("killed the worker of slot") > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_ending_it_leaves_no_process_behind(number: signal.Signals) -> None:
    """Kafka, Redis, scorer, simulation: all of them go with the demo, however it ends, and nothing stays then."""
    process = demo(*FEW, *(("--stay", "600") if number is signal.SIGINT else ("--no-page",)))
    first_flag(process)
    started = descendants(process.pid)
    assert len(started) >= 5
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert left_over(started) == set()
    if number is signal.SIGINT:
        assert process.returncode == 0
        audited(output)


def test_on_the_viewers_own_servers_it_cleans_up(services: Servers) -> None:
    """It uses topics and keys of its own there and takes them away again; its page stays as long as it says."""
    with Redis.from_url(services.redis_url) as redis:
        own = ("--bootstrap", services.bootstrap, "--redis", services.redis_url)
        process = demo("--seconds", "2", "--stay", "300", *FEW, *own)
        try:
            said = until(process, "everything stays for 300 s")
            look_at_its_page(said)
        finally:
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        audited(said)
        assert list(redis.scan_iter("demo-*")) == []
    deadline = time.monotonic() + 20
    while demo_topics(services) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert demo_topics(services) == []


def until(process: subprocess.Popen[str], words: str) -> str:
    """What it has said by then."""
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(said + process.communicate()[1])


def look_at_its_page(said: str) -> None:
    """Figures, the model, flags and what was true of them, and a route that takes one apart."""
    url = re.search(r"live page: (http://127\.0\.0\.1:\d+/)", said)
    assert url, said
    told = events(url[1])
    assert told["state"]["figures"]["outcomes"]["approve"]["total"] > 0
    assert told["state"]["model"]["name"] == "fraud"
    flag = told["flags"]["flags"][-1]
    assert flag["truth"]
    explained = httpx.get(f"{url[1]}v1/decisions/{flag['event_id']}", timeout=60).json()
    assert len(explained["contributions"]) > 1


def events(url: str) -> dict[str, Any]:
    """What a viewer hears first."""
    found: dict[str, Any] = {}
    name = ""
    with httpx.stream("GET", f"{url}page/events", timeout=30) as answer:
        for line in answer.iter_lines():
            key, _, value = line.partition(": ")
            if key == "event":
                name = value
            elif key == "data":
                found[name] = json.loads(value)
            state = found.get("state", {})
            if "flags" in found and state.get("model") and state["figures"]:
                break
    return found


def demo_topics(services: Servers) -> list[str]:
    admin = AdminClient({"bootstrap.servers": services.bootstrap})
    return [topic for topic in admin.list_topics(timeout=10).topics if topic.startswith("demo-")]


def test_a_broker_that_is_not_there_is_named() -> None:
    """Exit code 69 and the way out, in bounded time, and nothing is left running."""
    process = demo("--bootstrap", "127.0.0.1:1", "--seconds", "5", "--redis", "redis://127.0.0.1:1")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 69, errors
    assert "127.0.0.1:1" in errors
    assert "fix:" in errors


def test_a_scorer_that_dies_is_shown() -> None:
    """What the scorer said last is what the viewer reads."""
    environment = os.environ | {"FRAUDSTREAM_RULES_AMOUNT_HIGH_MINOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "fraudstream", "demo", "--seconds", "30", "--no-page", *FEW],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 75
    assert "rules.amount_high_minor is 1" in done.stderr
