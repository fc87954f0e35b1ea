"""`fraudstream doctor` about what a running deployment lives on: open transactions, snapshots, models."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer
from support.registered import BY, Shop

from fraudstream.doctor import models, standstill, state
from fraudstream.doctor.finding import Finding, Severity
from schemas.settings import Settings, load

QUICK_S = 0.3


def only(findings: Iterator[Finding] | Sequence[Finding]) -> Finding:
    (found,) = findings
    return found


# Transactions that hang


@contextmanager
def open_transaction(settings: Settings) -> Iterator[Producer]:
    flags = settings.topics.flags
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "transactional.id": f"hangs-{flags}"})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(flags, b"x", partition=2)
    assert producer.flush(20) == 0
    yield producer
    producer.abort_transaction(20)


@pytest.fixture
def quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A transaction may be open for a tenth of a second, so that nobody has to wait for one that hangs."""
    monkeypatch.setattr(standstill, "SLACK_S", QUICK_S)
    monkeypatch.setattr(standstill, "STEP_S", QUICK_S / 5)
    return settings.model_copy(update={"score": settings.score.model_copy(update={"transaction_timeout_ms": 100})})


def test_nothing_stands_still(settings: Settings) -> None:
    """Without an open transaction it is told at once."""
    assert only(standstill.check(settings)).severity is Severity.OK


def test_a_transaction_that_hangs_is_named_with_what_ends_it(quick: Settings) -> None:
    """Its topic, partition and offset, and the command of Kafka's own."""
    with open_transaction(quick):
        found = only(standstill.check(quick))
    assert (found.severity, found.subject) == (Severity.ERROR, quick.topics.flags)
    assert "partition 2: readers of committed records stand at offset 0 of 1" in found.what
    assert f"abort --topic {quick.topics.flags} --partition 2 --start-offset 0" in found.fix


def test_one_that_moves_on_is_no_fault(quick: Settings) -> None:
    """A lot's transaction that ends while it is looked at."""
    with open_transaction(quick) as producer:
        timer = threading.Timer(QUICK_S / 2, producer.commit_transaction, [20])
        timer.start()
        assert only(standstill.check(quick)).severity is Severity.OK
        timer.join()
        producer.begin_transaction()


def test_where_that_takes_too_long_it_is_a_warning(quick: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transactions that may be open for minutes are not waited for: it says when to look again."""
    monkeypatch.setattr(standstill, "LONGEST_S", QUICK_S)
    patient = quick.score.model_copy(update={"transaction_timeout_ms": 60_000})
    with open_transaction(quick):
        found = only(standstill.check(quick.model_copy(update={"score": patient})))
    assert found.severity is Severity.WARNING
    assert "after 60 s" in found.fix


def test_topics_that_are_not_there_are_no_failure(settings: Settings) -> None:
    """The check of the topics says so."""
    names = {role: f"{getattr(settings.topics, role)}-nowhere" for role in type(settings.topics).model_fields}
    nowhere = settings.topics.model_copy(update={name: value for name, value in names.items() if value.count("-") > 1})
    assert only(standstill.check(settings.model_copy(update={"topics": nowhere}))).severity is Severity.INFO


# Snapshots


@pytest.mark.parametrize(
    ("url", "bootstrap", "severity"),
    [
        ("s3://bucket/state", "kafka.example:9092", Severity.OK),
        ("{folder}", "127.0.0.1:9092,localhost:9093,[::1]:1", Severity.INFO),
        ("{folder}", "kafka.example:9092", Severity.WARNING),
        ("file://{folder}", "127.0.0.1:1,10.0.0.7:9092", Severity.WARNING),
    ],
)
def test_a_folder_is_good_only_for_one_machine(tmp_path: Path, url: str, bootstrap: str, severity: Severity) -> None:
    """An object store is; a folder where broker and workers are on this machine; any other is warned about."""
    given = {"state.url": url.format(folder=tmp_path / "state"), "kafka.bootstrap": bootstrap}
    found = only(state.check(load(given, env={})))
    assert found.severity is severity
    assert bool(found.fix) is (severity is Severity.WARNING)
    assert not (tmp_path / "state").exists()


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    """It is said before what else there is to say."""
    (tmp_path / "file").touch()
    first, _ = state.check(load({"state.url": str(tmp_path / "file")}, env={}))
    assert first.severity is Severity.WARNING
    assert "cannot be written to" in first.what


# Models


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(load({"models.root": str(tmp_path / "registry"), "rules.home_countries": "DE"}, env={}), tmp_path)


def test_what_would_decide_is_loaded(shop: Shop) -> None:
    """Nothing promoted is no fault; the live model with its policy is named; one that was damaged is an error."""
    before = only(models.check(shop.settings))
    assert (before.severity, before.subject) == (Severity.INFO, "models:/fraud@champion")
    model = shop.champion()
    live = only(models.check(shop.settings))
    assert live.severity is Severity.OK
    assert shop.policies.live(model).label in live.what
    damaged = next((shop.registry.root / "fraud" / "1").rglob("*.skops"))
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert only(models.check(shop.settings)).exit_code == 78


def test_a_live_model_without_a_policy_starts_no_worker(shop: Shop) -> None:
    """It is said before one is started, with what to do."""
    shop.registry.promote(shop.model(), BY)
    found = only(models.check(shop.settings))
    assert found.exit_code == 78
    assert "no policy is live" in found.what
    assert found.fix


def test_rules_alone_are_a_choice(tmp_path: Path) -> None:
    """Told, with nothing to mend."""
    found = only(models.check(load({"models.root": str(tmp_path), "models.live": ""}, env={})))
    assert (found.severity, found.fix) == (Severity.INFO, "")


def test_a_registry_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning with the folder's name: a worker with the usual settings goes by rules."""

    def refuse(_: Settings) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(models, "chosen", refuse)
    found = only(models.check(load({"models.root": str(tmp_path)}, env={})))
    assert found.severity is Severity.WARNING
    assert f"{tmp_path} cannot be read" in found.what
