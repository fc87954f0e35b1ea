"""What is shown of a group, from what its workers say."""

import io
import json
import math
from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from rich.console import Console

from fraudstream.top.figures import Figures, State, figures
from fraudstream.top.nodes import Answer, Node, nodes
from fraudstream.top.scrape import parse
from fraudstream.top.screen import picture
from fraudstream.top.words import as_json, duration, lines, number
from schemas.errors import Misconfigured, Usage
from schemas.settings import load

NOW = 1_000_000.0


def answer(
    port: int, values: Mapping[str, float], at: float = NOW, *, ready: bool = True, live: bool = True, why: str = ""
) -> Answer:
    """`values` by name, with labels as in name{label="value"}."""
    registry = CollectorRegistry()
    families: dict[str, Gauge] = {}
    for name, value in values.items():
        base, _, rest = name.partition("{")
        labels = dict(each.split("=") for each in rest.rstrip("}").split(",")) if rest else {}
        family = (
            families.setdefault(base, Gauge(base, "", list(labels), registry=registry))
            if base not in families
            else families[base]
        )
        (family.labels(**labels) if labels else family).set(value)
    return Answer(Node("127.0.0.1", port), parse(generate_latest(registry).decode(), at), ready, live, why)


def worker(pid: int = 7, **more: float) -> dict[str, float]:
    name = f"fraudstream_worker_info{{worker=scorer-a-{pid},pid={pid},version=1}}"
    return {name: 1, "fraudstream_last_turn_timestamp_seconds": NOW - 0.5, "fraudstream_assigned_partitions": 1} | more


def partition(place: int, records: float, waited: float) -> dict[str, float]:
    return {
        f"fraudstream_lag_records{{partition={place}}}": records,
        f"fraudstream_lag_seconds{{partition={place}}}": waited,
        f"fraudstream_snapshot_timestamp_seconds{{partition={place}}}": NOW - 60,
    }


def decided(count: float) -> dict[str, float]:
    return {"fraudstream_decisions_total{outcome=block}": count}


@pytest.fixture
def found() -> Figures:
    """Two workers, one of which was started anew, and one that is away."""
    before = [
        answer(1, worker(7) | decided(100)),
        answer(2, worker(8) | decided(500)),
        Answer(Node("127.0.0.1", 3), why="nothing listens there"),
    ]
    first = worker(7) | decided(140) | partition(0, 5, 2.5) | {"fraudstream_degraded{name=labels_stalled}": 1}
    first |= {"fraudstream_label_lag_seconds": math.inf, "fraudstream_labels_stalled": 1}
    second = worker(9) | decided(20) | partition(1, 0, 0) | {"fraudstream_degraded{name=labels_stalled}": 0}
    second |= {"fraudstream_output_standstill_seconds{topic=fraud-flags}": 42.0}
    second |= {"fraudstream_model_info{name=m,version=3,digest=abc,policy=p}": 1}
    second |= {"fraudstream_dead_letters_total{reason=empty}": 3}
    second |= {"fraudstream_partitions_stopped{why=paused}": 2, "fraudstream_partitions_stopped{why=dead_letters}": 0}
    return figures(
        before, [answer(1, first), answer(2, second, ready=False, why="restoring 3 partitions"), before[2]], 2.0
    )


def test_rates_and_totals(found: Figures) -> None:
    """What happened per second; all that a new process has done happened since, whatever its predecessor had done."""
    assert found.outcomes["block"].per_s == pytest.approx((40 + 20) / 2)
    assert found.outcomes["block"].total == 160
    assert [each.decisions_per_s for each in found.workers] == [20.0, 10.0, None]


def test_states(found: Figures) -> None:
    """A worker that is away is shown as away, with why; one that is not ready yet starts."""
    assert [each.state for each in found.workers] == [State.READY, State.STARTING, State.AWAY]
    assert found.workers[2].why == "nothing listens there"
    assert (found.workers[0].identity, found.workers[0].pid, found.workers[0].turn_age_s) == ("scorer-a-7", 7, 0.5)
    hung = answer(1, worker(), ready=False, live=False)
    assert figures([hung], [hung], 1.0).workers[0].state is State.HUNG


def test_partitions_lag_and_snapshots(found: Figures) -> None:
    """By partition, with whoever has it."""
    assert [(each.partition, each.worker) for each in found.partitions] == [(0, "127.0.0.1:1"), (1, "127.0.0.1:2")]
    assert (found.lag_records, found.lag_s) == (5, 2.5)
    assert [each.snapshot_age_s for each in found.partitions] == [60.0, 60.0]


def test_troubles_are_told(found: Figures) -> None:
    """Degradations by how many workers, topics whose readers stand still, labels that stall, dead letters."""
    assert found.degraded == {"labels_stalled": 1}
    assert found.standstill_s == {"fraud-flags": 42.0}
    assert found.stopped == {"paused": 2}
    assert found.labels is not None
    assert (found.labels.stalled, found.labels.lag_s) == (1, None)
    said = "\n".join(lines(found))
    for words in (
        "fraud-flags have stood",
        "labels_stalled (1 worker)",
        "empty 3",
        "not read to its end",
        "stopped: 2 partitions, paused",
        "starting: 127.0.0.1:2: restoring 3 partitions",
        "m 3, policy p",
    ):
        assert words in said


def test_json_has_every_figure(found: Figures) -> None:
    """One object, valid JSON, null where something is not known."""
    told = json.loads(as_json(found), parse_constant=pytest.fail)
    assert told["workers"][2]["state"] == "away"
    assert told["workers"][2]["pid"] is None
    assert told["labels"]["lag_s"] is None
    assert told["outcomes"]["block"] == {"total": 160, "per_s": 30.0}


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_picture_fits(found: Figures, width: int) -> None:
    """Every worker has a line at any width, and figures are not cut where there is room for them."""
    console = Console(file=io.StringIO(), width=width, height=40)
    console.print(picture(found, console))
    assert isinstance(console.file, io.StringIO)
    drawn = console.file.getvalue().splitlines()
    assert all(len(line) <= width for line in drawn)
    assert len(drawn) <= 40
    if width >= 80:
        assert any("scorer-a-7" in line and "ready" in line and "500 ms" in line for line in drawn)
        assert any("away" in line for line in drawn)


def test_of_many_partitions_those_furthest_behind_are_shown() -> None:
    """What does not fit is counted."""
    values = worker()
    for place in range(200):
        values |= partition(place, place % 7, 1000.0 if place in {13, 113} else 1.0)
    each = answer(1, values)
    console = Console(file=io.StringIO(), width=120, height=30)
    console.print(picture(figures([each], [each], 1.0), console))
    assert isinstance(console.file, io.StringIO)
    drawn = console.file.getvalue()
    assert " 13 " in drawn
    assert " 113 " in drawn
    assert "more, less behind" in drawn
    assert len(drawn.splitlines()) <= 30


def test_nobody_answers() -> None:
    """There is nothing to divide by, and still something to show."""
    away = Answer(Node("127.0.0.1", 1), why="no answer")
    assert [*lines(figures([away], [away], 1.0))][1:] == ["worker 127.0.0.1:1 away", "away: 127.0.0.1:1: no answer"]


def test_where_workers_answer() -> None:
    """The slots of this machine by the settings, or those that were named; who listens everywhere is asked here."""
    settings = load({"score.workers": "3", "health.port": "9000", "health.host": "0.0.0.0"}, env={})
    assert nodes(settings) == [("127.0.0.1", 9000), ("127.0.0.1", 9001), ("127.0.0.1", 9002)]
    assert nodes(settings, ["a:1,b:2", "[::1]:3"]) == [("a", 1), ("b", 2), ("::1", 3)]
    assert str(Node("::1", 3)) == "[::1]:3"


@pytest.mark.parametrize("named", ["a", "a:x", ":1", "", "a:1,"])
def test_no_address(named: str) -> None:
    """It is said which, and how to write one."""
    with pytest.raises(Usage, match="--node") as caught:
        nodes(load({}, env={}), [named])
    assert "host:port" in caught.value.fix


@pytest.mark.parametrize("port", [-1, 0])
def test_workers_without_a_port_of_their_own(port: int) -> None:
    """They cannot be found: the setting that decides it is named."""
    with pytest.raises(Misconfigured, match=r"health\.port") as caught:
        nodes(load({"health.port": str(port)}, env={}))
    assert "--node" in caught.value.fix


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"),
        (0.0, "0 s"),
        (0.0123, "12.3 ms"),
        (1.5, "1.5 s"),
        (119, "119 s"),
        (300, "5 min"),
        (9000, "2.5 h"),
        (864000, "10 d"),
    ],
)
def test_durations(seconds: float | None, words: str) -> None:
    """In the unit that is read most easily."""
    assert duration(seconds) == words


@pytest.mark.parametrize(("value", "words"), [(None, "-"), (0, "0"), (0.25, "0.2"), (3.0, "3"), (1234.5, "1,234")])
def test_numbers(value: float | None, words: str) -> None:
    """Small rates have a decimal, large ones their thousands apart."""
    assert number(value) == words
