"""`fraudstream serve` as a program, on a real Kafka with a real worker, looked at through a real browser."""

import os
import random
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from support.deployment import Deployment

from fraudstream.local import ports
from schemas.contracts import LABEL
from schemas.reading import Records
from schemas.registry import Fingerprints
from schemas.topics import Role

SLOW_MS = 60_000
HIGH = 2_000_000


@pytest.fixture
def start(deployment: Deployment) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Starts it and gives its process and address."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "fraudstream", "serve", "--port", "0", *options]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | deployment._environment(),
        )
        started.append(process)
        assert process.stdout
        assert select.select([process.stdout], [], [], 60)[0]
        found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert found
        return process, found[0]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_flag_is_seen_understood_and_confirmed(
    deployment: Deployment, start: Callable[..., tuple[subprocess.Popen[str], str]], visit: Callable[..., Page]
) -> None:
    """From the worker's commit to the label on its topic; and the program ends at once, viewers or not."""
    port = ports.pick(random.Random())
    deployment.start(score_start="earliest", health_port=str(port))
    process, url = start("--node", f"127.0.0.1:{port}")
    page = visit(url, allow="ERR_")
    rows = [deployment.transaction(number) for number in range(20)]
    rows.append(deployment.transaction(100, card_id="card-seen"))
    deployment.publish([*rows, deployment.transaction(101, card_id="card-seen", amount_minor=HIGH)])
    row = page.locator("#rows tr")
    expect(row).to_contain_text("card-seen", timeout=SLOW_MS)
    expect(page.locator("#work")).to_contain_text("1 of 1 worker")
    expect(page.locator("#outcomes")).to_contain_text("21")
    row.locator(".why button").click()
    detail = page.locator("#detail")
    expect(detail.locator(".shares tbody tr").nth(1)).to_be_visible(timeout=SLOW_MS)
    past = detail.locator(".past tbody tr")
    expect(past).to_contain_text(["20,000.00 EUR", "10.00 EUR"])
    expect(past.locator(".badge")).to_have_text(["Blocked", "Approved"])
    page.get_by_role("button", name="Confirm fraud").click()
    expect(page.locator(".decide")).to_contain_text("Published: fraud", timeout=SLOW_MS)
    [label] = deployment.await_records(Role.LABELS, 1).messages
    told = Records(LABEL, Fingerprints()).read(label.value())
    assert (told["event_id"], told["is_fraud"], told["source"]) == ("event-101", True, "live page")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    expect(page.locator("#link-said")).to_have_text("Reconnecting")


def test_it_serves_while_everything_is_away(
    start: Callable[..., tuple[subprocess.Popen[str], str]], visit: Callable[..., Page]
) -> None:
    """It starts, says what is away, and the page says which command helps."""
    process, url = start("--bootstrap", "127.0.0.1:1", "--redis", "redis://127.0.0.1:1")
    assert process.stdout
    said = "".join(process.stdout.readline() for _ in range(4))
    assert "Kafka, away: the broker at 127.0.0.1:1 does not answer [fraudstream up]" in said
    assert "Redis, away" in said
    page = visit(url, allow="ERR_")
    expect(page.locator("#no-flags")).to_contain_text("fraudstream up")
    expect(page.locator("#sources")).to_contain_text("Redis: away")
    expect(page.locator("#model")).to_contain_text("fraudstream models promote")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
