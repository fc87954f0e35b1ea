import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message

from fraudstream.commands.simulate import simulate
from producer.files import Format
from schemas.errors import Usage
from schemas.framing import Framing
from schemas.settings import Settings

ReadAll = Callable[[str], list[Message]]
Program = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def target(settings: Settings) -> dict[str, Any]:
    return {"bootstrap": settings.kafka.bootstrap, "topic": settings.topics.transactions}


def values(messages: list[Message]) -> list[dict[str, Any]]:
    return sorted((json.loads(message.value() or b"") for message in messages), key=lambda each: str(each["event_id"]))


def test_sends_as_many_as_told(target: dict[str, Any], read_all: ReadAll, capsys: pytest.CaptureFixture[str]) -> None:
    """The count is exact, the events happen now, and the seed that repeats them is told."""
    before = time.time() * 1000 - 1
    simulate(count=500, customers=20, framing=Framing.JSON, **target)
    found = values(read_all(target["topic"]))
    assert len(found) == 500
    assert all(before <= each["event_time"] <= time.time() * 1000 for each in found)
    told = capsys.readouterr().err
    assert "made 500 = published 500;" in told
    assert f"--seed {found[0]['event_id'].split('-')[1]} repeats them" in told


def test_the_same_seed_sends_the_same(target: dict[str, Any], read_all: ReadAll) -> None:
    """With a seed and a start two runs send equal transactions, at whatever rate."""
    options: dict[str, Any] = {"seed": 9, "customers": 20, "start": "2026-01-31T06:00:00Z", "framing": Framing.JSON}
    simulate(count=100, **options, **target)
    simulate(count=100, rate=400.0, **options, **target)
    found = values(read_all(target["topic"]))
    assert found[::2] == found[1::2]
    assert found[0]["event_time"] >= 1_769_839_200_000


def test_seconds_bound_it(target: dict[str, Any], read_all: ReadAll) -> None:
    """Without a count it sends at its usual rate and stops after the time given."""
    began = time.monotonic()
    simulate(seconds=1.0, customers=20, rate=200.0, **target)
    assert time.monotonic() - began < 5.0
    assert 100 < len(read_all(target["topic"])) <= 250


def test_ctrl_c_ends_it_in_order(target: dict[str, Any], read_all: ReadAll, program: Program) -> None:
    """Interrupted it delivers what is under way, gives its account and ends with code 0."""
    process = program("simulate", "--bootstrap", target["bootstrap"], "--topic", target["topic"])
    deadline = time.monotonic() + 30
    while not read_all(target["topic"]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 0
    published = int(told.partition("published ")[2].partition(";")[0].partition(" ")[0].replace(",", ""))
    assert published == len(read_all(target["topic"])) > 0


@pytest.mark.parametrize("style", list(Format))
def test_a_file_is_the_same_every_time(tmp_path: Path, style: Format) -> None:
    """The same seed writes the same file, whichever format, and no broker is needed."""
    files = [tmp_path / f"{name}.{style}" for name in ("one", "two")]
    for file in files:
        simulate(count=1_000, seed=3, customers=20, out=str(file))
    one, two = (file.read_bytes() for file in files)
    marker = one[-16:] if style is Format.AVRO else b"\n"
    assert one.replace(marker, b"") == two.replace(two[-16:] if style is Format.AVRO else b"\n", b"")
    assert len(one) > 10_000


def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """With --out - rows go to standard output and words for people do not."""
    simulate(count=5, seed=3, customers=20, out="-")
    output, told = capfdbinary.readouterr()
    assert [json.loads(line)["event_id"] for line in output.splitlines()] == [f"sim-3-00000000{n}" for n in range(5)]
    assert told == b"wrote 5 transactions; --seed 3 repeats them\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"out": "x.jsonl", "rate": 5.0}, "--rate"),
        ({"out": "x.txt"}, "x.txt"),
        ({"out": "/dev/null/x.csv"}, "--out"),
        ({"out": "x.csv", "start": "2026-01-31T06:00:00"}, "--start"),
        ({"out": "x.csv", "start": "yesterday"}, "--start"),
    ],
)
def test_options_that_do_not_fit(
    options: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a usage error that names the option."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Usage, match=said):
        simulate(count=5, customers=20, **options)
