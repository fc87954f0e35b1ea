"""What a plain consumer sees, and commands as programs of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from support.deployment import Deployment
from support.forked import Forked
from support.typed import Typed

from schemas.settings import Settings

ReadAll = Callable[[str], list[Message]]
Program = Callable[..., subprocess.Popen[str]]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def read_all(settings: Settings) -> ReadAll:
    """Everything committed on a topic, partition by partition."""

    def read(topic: str) -> list[Message]:
        consumer = Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": "reader"})
        try:
            parts = [TopicPartition(topic, number, 0) for number in range(settings.topics.partitions)]
            left = sum(consumer.get_watermark_offsets(part, timeout=10)[1] for part in parts)
            consumer.assign(parts)
            found: list[Message] = []
            deadline = time.monotonic() + 30
            while len(found) < left and time.monotonic() < deadline:
                found.extend(consumer.consume(left - len(found), timeout=1))
            return sorted(found, key=lambda each: (each.partition() or 0, each.offset() or 0))
        finally:
            consumer.close()

    return read


@pytest.fixture
def program() -> Iterator[Program]:
    """Starts `fraudstream.commands.<name>` in a process of its own, ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(name: str, *options: str) -> subprocess.Popen[str]:
        code = f"import typer; from fraudstream.commands.{name} import {name}; typer.run({name})"
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-c", code, *options], stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run(tmp_path: Path, forked: Forked) -> Run:
    """The program with a registry of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")}
    env["FRAUDSTREAM_MODELS_ROOT"] = str(tmp_path / "registry")

    def run(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return forked.run(*arguments, cwd=tmp_path, env=env, typed=typed)

    return run


@pytest.fixture
def typed(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Typed:
    """Commands on a deployment of their own, named by the environment."""
    for name, value in deployment._environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FRAUDSTREAM_STATE_URL", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return Typed(capsys, monkeypatch)
