"""`fraudstream doctor` about what a running deployment lives on: open transactions, snapshots, models."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from confluent_kafka import Producer
from sklearn.ensemble import HistGradientBoostingClassifier

from fraudstream.doctor import models, standstill, state
from fraudstream.doctor.finding import Finding, Severity
from models.artefact.golden import choose
from models.artefact.write import Parts, write
from models.policies.policies import Policies
from models.policies.policy_file import PolicyFile
from models.registry.by import By
from models.registry.registry import Registry
from schemas.settings import Settings, load

BY = By("ada", "because", datetime(2026, 1, 1, tzinfo=UTC))
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


def champion(root: Path) -> tuple[Registry, str]:
    rows = np.random.default_rng(3).normal(size=(400, 3))
    model = HistGradientBoostingClassifier(max_iter=3, random_state=3).fit(rows, rows[:, 0] > 0)
    parts = Parts(model, ("a", "b", "c"), 2, choose(rows, model.decision_function), BY.at)
    write(parts, root.parent / "artefact")
    registry = Registry(root)
    registry.promote(str(registry.add("fraud", root.parent / "artefact", BY)), BY)
    return registry, str(registry.resolve("models:/fraud@champion").digest)


def policy_for(digest: str) -> PolicyFile:
    costs = {"review_minor": 500, "wrong_block_minor": 5000}
    limits = {"amount_high_minor": 50_000, "amount_extreme_minor": 500_000}
    rest: Any = {"kind": "recall", "target": 0.7, "costs": costs, "limits": limits}
    return PolicyFile.model_validate({"format": 1, "review_at": 0.5, "block_at": 0.9, "model": digest, **rest})


def test_a_champion_is_loaded_and_its_policy_read(tmp_path: Path) -> None:
    """None is no fault, one without a policy is warned about, one that was damaged is an error."""
    settings = load({"models.root": str(tmp_path / "registry")}, env={})
    assert only(models.check(settings)).severity is Severity.INFO
    registry, digest = champion(tmp_path / "registry")
    alone = only(models.check(settings))
    assert (alone.severity, alone.subject) == (Severity.WARNING, "models:/fraud@champion")
    assert "no policy is live" in alone.what
    policies = Policies(registry)
    policies.promote(str(policies.add("models:/fraud/1", policy_for(digest), BY).entry), BY)
    whole = only(models.check(settings))
    assert whole.severity is Severity.OK
    assert "policy fraud/1" in whole.what
    damaged = next((tmp_path / "registry" / "fraud" / "1").rglob("*.skops"))
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert only(models.check(settings)).exit_code == 78


def test_a_registry_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning with the folder's name: the rules decide without one."""

    def refuse(_: Registry) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Registry, "read", refuse)
    found = only(models.check(load({"models.root": str(tmp_path)}, env={})))
    assert found.severity is Severity.WARNING
    assert f"{tmp_path} cannot be read: Permission denied" in found.what
