"""One log, three doors: the stream on a real Kafka, HTTP, and a file give the same bits and refuse the same rows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from confluent_kafka import Producer
from support import bank as banks
from support.deployment import Deployment, fresh_settings
from support.label_topic import encoded, put
from support.registered import Shop

from batch.predicting.run import Job, run
from fraudstream.commands.predict import EVEN, of_transactions
from fraudstream.local.running import Servers
from fraudstream.serving.model import live
from fraudstream.serving.product import product_of
from models.feature_list import FEATURES
from schemas.settings import Settings
from schemas.tables import Format, Lying
from schemas.topics import Role
from serving.app import Parts, build
from serving.server import running

CARDS, PER_CARD = 500, 20
BAD_EVERY = 250
SAME = ("raw_margin", "score", "outcome", "reasons", "rules", "features", "policy", "model", "feature_version")
FAULTS: tuple[Mapping[str, object], ...] = (
    {"amount_minor": "12"},
    {"amount_minor": -1},
    {"currency": "eur"},
    {"event_time": 5},
    {"terminal_id": ""},
    {"latitude": 91.0},
    {"memo": "x" * 600},
    {"customer_id": None},
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Log:
    """Transactions as they arrive, some that cannot be scored among them, and what was said of them."""

    bank: banks.Bank

    @cached_property
    def good(self) -> list[Row]:
        rows = banks.rows(self.bank.log)
        times = rows["event_time"].cast(pa.int64()).to_pylist()
        dropped = {"partition", "offset", "marks"}
        return [
            {name: cell for name, cell in row.items() if name not in dropped and cell is not None}
            | {"event_time": time}
            for row, time in zip(rows.to_pylist(), times, strict=True)
        ]

    @cached_property
    def rows(self) -> list[Row]:
        found: list[Row] = []
        for number, row in enumerate(self.good):
            if number % BAD_EVERY == 7:
                fault = FAULTS[number // BAD_EVERY % len(FAULTS)]
                found.append(row | {"event_id": f"bad-{number}"} | fault)
            found.append(row)
        return found

    @cached_property
    def labels(self) -> list[Row]:
        return banks.verdicts(self.bank.labels)


@dataclass(frozen=True)
class Streamed:
    """What the worker published: decisions in the order of each card's log, and refusals by event."""

    settings: Settings
    decisions: Mapping[str, Sequence[Row]]
    refusals: Mapping[str, tuple[str, str]]


@pytest.fixture(scope="module")
def log() -> Log:
    return Log(banks.Bank(seed=11, events=CARDS * PER_CARD, cards=CARDS))


@pytest.fixture(scope="module")
def streamed(services: Servers, log: Log, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Streamed]:
    folder = tmp_path_factory.mktemp("parity")
    deployment = Deployment(fresh_settings(services, folder), folder)
    Shop(deployment.settings, folder).champion()
    try:
        yield _streamed(deployment, log)
    finally:
        deployment.end()


def _streamed(deployment: Deployment, log: Log) -> Streamed:
    settings = deployment.settings
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "partitioner": "murmur2_random"})
    encode = encoded(settings)
    told = [(each["card_id"].encode(), encode(each), int(each["timestamp"])) for each in log.labels]
    put(producer, settings, told)
    for row in log.rows:
        value = {name: cell for name, cell in row.items() if name != "timestamp"}
        key = str(row["card_id"]).encode()
        producer.produce(settings.topics.transactions, json.dumps(value).encode(), key, timestamp=row["timestamp"])
    assert producer.flush(30) == 0
    assert deployment.score("--max-messages", str(len(log.rows)), score_start="earliest", output_scores="true") == 0
    decisions: dict[str, list[Row]] = {}
    for each in deployment.read(Role.SCORES).decisions:
        decisions.setdefault(each["card_id"], []).append(each)
    letters = deployment.read(Role.DLQ).messages
    return Streamed(settings, decisions, dict(map(_refusal, letters)))


def _refusal(letter: Any) -> tuple[str, tuple[str, str]]:
    headers = {name: (value or b"").decode() for name, value in letter.headers()}
    return json.loads(letter.value())["event_id"], (headers["dlq.reason"], headers["dlq.detail"])


@pytest.fixture(scope="module")
def door(streamed: Streamed) -> Iterator[httpx.Client]:
    serve = streamed.settings.serve.model_copy(update={"port": 0})
    settings = streamed.settings.model_copy(update={"serve": serve})
    product = product_of(settings)
    parts = Parts(
        serve,
        "0",
        live=live(settings, settings.models.live),
        routers=(product.router,),
        running=(product.running,),
    )
    with running(build(parts), serve) as url, httpx.Client(base_url=url, timeout=120) as client:
        yield client


def asked(door: httpx.Client, **body: object) -> dict[str, Any]:
    answer = door.post("/v1/transactions/score", json=body)
    assert answer.status_code == 200, answer.text[:300]
    found: dict[str, Any] = answer.json()
    return found


def facts(decision: Mapping[str, Any]) -> tuple[Any, ...]:
    """All that has to be the same, to the last bit; in JSON a number that is not known is null."""
    cells = [decision[name] for name in SAME if name != "features"]
    features = [None if each is None or isnan(each) else each for each in decision["features"]]
    marks = [each for each in decision["marks"] if each != "cold_state"]
    return (decision["event_id"], *cells, features, marks)


def by_card(decisions: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for each in decisions:
        found.setdefault(each["card_id"], []).append(each)
    return found


def test_the_log_is_worth_comparing(streamed: Streamed, log: Log) -> None:
    """500 cards of 20 events, with labels that are seen, flags of both kinds, late and redelivered rows, refusals."""
    every = [each for card in streamed.decisions.values() for each in card]
    assert len(streamed.decisions) == CARDS
    assert len(every) == len(log.good) >= CARDS * PER_CARD
    assert len(streamed.refusals) == len(log.rows) - len(log.good) >= len(FAULTS)
    assert {each["outcome"] for each in every} == {"approve", "review", "block"}
    assert {mark for each in every for mark in each["marks"]} >= {"late", "redelivered"}
    assert sum(not isnan(each["features"][-1]) for each in every) > 1_000
    assert len({each["score"] for each in every}) > 500


def test_http_gives_the_bits_of_the_stream(streamed: Streamed, log: Log, door: httpx.Client) -> None:
    """The whole log in one request: decisions are the worker's, and the same rows are refused, for the same cause."""
    found = asked(door, transactions=log.rows, labels=log.labels, history=[])
    cards = by_card(found["decisions"])
    assert cards.keys() == streamed.decisions.keys()
    for card, wanted in streamed.decisions.items():
        assert list(map(facts, cards[card])) == list(map(facts, wanted))
    refused = {log.rows[each["row"]]["event_id"]: (each["reason"], each["detail"]) for each in found["rejects"]}
    assert refused == streamed.refusals


def test_the_rest_of_a_log_after_its_history_has_the_same_bits(
    streamed: Streamed, log: Log, door: httpx.Client
) -> None:
    """Beginning as history, end asked for: the same decisions, and cold exactly where the history does not reach."""
    cut = len(log.rows) // 2
    found = asked(door, transactions=log.rows[cut:], labels=log.labels[::-1], history=log.rows[:cut])
    cards = by_card(found["decisions"])
    for card, some in cards.items():
        assert list(map(facts, some)) == list(map(facts, streamed.decisions[card][-len(some) :]))
    since = log.rows[0]["timestamp"]
    assert all(each["cold_state"] == (each["event_time"] - 30 * banks.DAY < since) for each in found["decisions"])
    assert not all(each["cold_state"] for each in found["decisions"])


def test_one_transaction_at_a_time_has_the_same_bits(streamed: Streamed, log: Log, door: httpx.Client) -> None:
    """The last event of a card with its own history, as a payment page would ask."""
    for number in range(0, CARDS, 100):
        mine = [row for row in log.good if row["card_id"] == f"card-{number}"]
        [one] = asked(door, transaction=mine[-1], history=mine[:-1], labels=log.labels)["decisions"]
        assert facts(one) == facts(streamed.decisions[f"card-{number}"][-1])


def test_a_file_gives_the_bits_of_the_stream(streamed: Streamed, log: Log, tmp_path: Path) -> None:
    """Verdicts in one file and the log in another: the same scores, outcomes and reasons, and the same rejects."""
    for name, rows in (("log", log.rows), ("labels", log.labels)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    way = of_transactions(streamed.settings.models.live, EVEN, [], [tmp_path / "labels.jsonl"], streamed.settings)
    source, output = Lying(tmp_path / "log.jsonl"), tmp_path / "out.parquet"
    done = run(Job(source, Format.JSON, output, Format.PARQUET, tmp_path / "rejects"), way, lambda _what, _rows: None)
    assert (done.read, done.written) == (len(log.rows), len(log.good))
    cards = by_card(pq.read_table(output).to_pylist())
    for card, wanted in streamed.decisions.items():
        assert [_written(each) for each in cards[card]] == [_written(each) for each in wanted]
    refused = [json.loads(line) for line in (tmp_path / "rejects").read_text().splitlines()]
    assert {log.rows[each["row"] - 1]["event_id"]: each["reason"] for each in refused} == {
        event: reason for event, (reason, _) in streamed.refusals.items()
    }


def _written(decision: Row) -> tuple[Any, ...]:
    reasons = decision["reasons"]
    named = reasons if isinstance(reasons, str) else " ".join(reasons)
    return (*(decision[name] for name in ("event_id", "score", "raw_margin", "outcome")), named)


def test_invocations_score_the_recorded_features_with_the_same_bits(streamed: Streamed, door: httpx.Client) -> None:
    """What the stream recorded of a row is enough to have its score again, through the door of models."""
    every = [each for card in streamed.decisions.values() for each in card]
    data = [[None if isnan(cell) else cell for cell in each["features"]] for each in every]
    frame = {"columns": [each.name for each in FEATURES], "data": data}
    answer = door.post("/invocations", json={"dataframe_split": frame, "params": {"output": "score"}})
    assert answer.status_code == 200, answer.text[:300]
    assert answer.json()["predictions"] == [each["score"] for each in every]
