"""`fraudstream topics` on a real Kafka, and each rule about a topic by itself."""

import json
import os
import random
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource  # type: ignore[attr-defined]
from confluent_kafka.cimpl import NewTopic

from fraudstream.doctor.finding import Severity
from fraudstream.doctor.topics import compare
from fraudstream.local import ports
from fraudstream.local.running import Servers
from fraudstream.topics import Administration, Found, Topic, missing
from schemas.errors import DependencyAway, Misconfigured
from schemas.settings import Settings, load
from schemas.topics import DAY_MS, RULES, Role

ROLES = tuple(Role)
USUAL = {
    "cleanup.policy": "delete",
    "retention.bytes": "-1",
    "min.insync.replicas": "1",
    "max.message.bytes": "1048588",
    "message.timestamp.type": "CreateTime",
    "unclean.leader.election.enable": "false",
}


@pytest.fixture
def fresh(services: Servers) -> Settings:
    """Settings that name topics nobody has made."""
    unique = uuid.uuid4().hex[:12]
    names = {f"topics.{rule.role}": f"{rule.name}-{unique}" for rule in RULES}
    return load({"kafka.bootstrap": services.bootstrap, **names}, env={})


@pytest.fixture
def silent() -> Iterator[str]:
    """Accepts connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", port := ports.pick(random.Random())))
        server.listen(50)
        yield f"127.0.0.1:{port}"


@pytest.fixture
def admin(services: Servers) -> AdminClient:
    return AdminClient({"bootstrap.servers": services.bootstrap})


def run(settings: Settings, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The real program, with these settings and no others."""
    named = [f"--set=topics.{role}={settings.topics.name(role)}" for role in ROLES]
    command = [
        sys.executable,
        "-m",
        "fraudstream",
        "topics",
        *arguments,
        "--bootstrap",
        settings.kafka.bootstrap,
        *named,
    ]
    env = {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=cwd, env=env, check=False)


def make(admin: AdminClient, name: str, partitions: int, config: Mapping[str, str] | None = None) -> None:
    admin.create_topics([NewTopic(name, partitions, 1, config=dict(config or {}))])[name].result(15)


def config_of(admin: AdminClient, name: str) -> dict[str, str]:
    ((_, future),) = admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, name)]).items()
    return {key: entry.value for key, entry in future.result(15).items()}


def partitions_of(admin: AdminClient, settings: Settings) -> dict[Role, int]:
    topics = admin.list_topics(timeout=10).topics
    names = {role: settings.topics.name(role) for role in ROLES}
    return {role: len(topics[name].partitions) for role, name in names.items() if name in topics}


def test_create_makes_every_topic_as_its_rule_says(fresh: Settings, admin: AdminClient, tmp_path: Path) -> None:
    """Equally many partitions, one for the orders, kept as long as needed; `check` then has nothing to say."""
    done = run(fresh, "create", "--partitions", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert partitions_of(admin, fresh) == dict.fromkeys(ROLES, 3) | {Role.ORDERS: 1}
    for rule in RULES:
        config = config_of(admin, fresh.topics.name(rule.role))
        assert config["retention.ms"] == str(rule.retention_ms)
        assert config["cleanup.policy"] == "delete"
    assert f"made        {fresh.topics.epochs}: 3 partitions, 1 copy, kept for ever" in done.stdout
    assert f"made        {fresh.topics.flags}: 3 partitions, 1 copy, kept for 90 days" in done.stdout
    checked = run(fresh, "check", cwd=tmp_path)
    assert (checked.returncode, checked.stdout) == (0, "all topics stand as they should\n")


def test_create_again_changes_nothing(fresh: Settings, admin: AdminClient, tmp_path: Path) -> None:
    """What stands is told and left alone, also where it is not as it should be."""
    make(admin, fresh.topics.flags, 6, {"retention.ms": "3600000"})
    first, second = (run(fresh, "create", cwd=tmp_path) for _ in range(2))
    assert f"stands      {fresh.topics.flags}: 6 partitions, 1 copy" in first.stdout
    assert first.stdout.count("made") == 6
    assert (second.returncode, second.stdout.count("stands"), second.stdout.count("made")) == (0, 7, 0)
    assert config_of(admin, fresh.topics.flags)["retention.ms"] == "3600000"


@pytest.mark.parametrize("standing", [Role.TRANSACTIONS, Role.LABELS])
def test_what_stands_decides_the_partitions(
    fresh: Settings, admin: AdminClient, tmp_path: Path, standing: Role
) -> None:
    """The others follow the input, or the labels where there is no input yet, whatever the settings say."""
    make(admin, fresh.topics.name(standing), 4)
    assert run(fresh, "create", "--partitions", "9", cwd=tmp_path).returncode == 0
    assert partitions_of(admin, fresh) == dict.fromkeys(ROLES, 4) | {Role.ORDERS: 1}


def test_a_dry_run_makes_nothing(fresh: Settings, admin: AdminClient, tmp_path: Path) -> None:
    """It says what would be made."""
    done = run(fresh, "create", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.count("would make") == 7
    assert partitions_of(admin, fresh) == {}


def test_dead_letters_may_be_as_large_as_the_input(fresh: Settings, admin: AdminClient, tmp_path: Path) -> None:
    """Where the input takes larger records than usual, so does the topic for those that cannot be scored."""
    make(admin, fresh.topics.transactions, 1, {"max.message.bytes": "5000000"})
    assert run(fresh, "create", cwd=tmp_path).returncode == 0
    assert config_of(admin, fresh.topics.dlq)["max.message.bytes"] == "5000000"
    assert config_of(admin, fresh.topics.flags)["max.message.bytes"] == "1048588"


def test_more_copies_than_brokers_are_refused(fresh: Settings, tmp_path: Path) -> None:
    """Exit code 78, the broker's reason, and the option to change."""
    done = run(fresh, "create", "--replication", "3", cwd=tmp_path)
    assert done.returncode == 78
    assert "does not make the topic" in done.stderr
    assert "--replication" in done.stderr


def test_somebody_else_may_make_them_at_the_same_time(fresh: Settings) -> None:
    """A topic that appears between looking and making counts as standing."""
    administration = Administration(fresh)
    wanted = missing(administration.look(), fresh)
    assert [made for _, made in Administration(fresh).make(wanted)] == [True] * 7
    assert [made for _, made in administration.make(wanted)] == [False] * 7


def test_three_copies_wait_for_two(fresh: Settings) -> None:
    """With three copies, a write is in two of them before it counts."""
    three = load({"topics.replication": "3"}, env={})
    assert {each.config["min.insync.replicas"] for each in missing(Found(3, {}), three)} == {"2"}
    assert {each.config["min.insync.replicas"] for each in missing(Found(3, {}), fresh)} == {"1"}


def test_check_finds_what_is_wrong_on_the_broker(fresh: Settings, admin: AdminClient, tmp_path: Path) -> None:
    """Findings as JSON with severity, topic, what and fix; exit code 78."""
    make(admin, fresh.topics.transactions, 4, {"cleanup.policy": "compact"})
    make(admin, fresh.topics.flags, 2, {"retention.ms": str(90 * DAY_MS)})
    make(admin, fresh.topics.labels, 8, {"retention.ms": str(DAY_MS)})
    done = run(fresh, "check", "--json", cwd=tmp_path)
    assert done.returncode == 78, done.stderr
    findings = json.loads(done.stdout)
    assert all(set(each) == {"severity", "topic", "what", "fix"} and each["fix"] for each in findings)
    told = {(each["severity"], each["topic"], each["what"].split(",")[0].split(":")[0]) for each in findings}
    assert told == {
        ("error", fresh.topics.transactions, "it is compacted"),
        ("warning", fresh.topics.transactions, "it is kept for 7 days"),
        ("error", fresh.topics.labels, "it has 8 partitions"),
        ("warning", fresh.topics.labels, "it is kept for 1 days"),
        ("error", fresh.topics.flags, "it has 2 partitions"),
        ("warning", fresh.topics.scores, "there is no such topic (every decision"),
        ("error", fresh.topics.dlq, "there is no such topic (records that cannot be scored"),
        ("error", fresh.topics.epochs, "there is no such topic (what else went into the decisions)"),
        (
            "warning",
            fresh.topics.orders,
            "there is no such topic (what operators asked of the workers); workers score without it",
        ),
    }


def test_check_follows_each_finding_with_its_fix(fresh: Settings, admin: AdminClient, tmp_path: Path) -> None:
    """Plain lines where there is no terminal; the fix names this broker and this topic."""
    make(admin, fresh.topics.transactions, 4)
    make(admin, fresh.topics.flags, 2)
    lines = run(fresh, "check", cwd=tmp_path).stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if fresh.topics.flags in line and "2 partitions" in line)
    assert lines[at].startswith("error    topics ")
    tool = f"kafka-topics.sh --bootstrap-server {fresh.kafka.bootstrap}"
    assert lines[at + 1].strip() == f"fix: {tool} --alter --topic {fresh.topics.flags} --partitions 4"
    assert lines[-1].endswith("warnings")


def test_a_broker_that_is_away_is_said_to_be_away(fresh: Settings, tmp_path: Path) -> None:
    """Exit code 69, with the address and how to start one."""
    gone = fresh.model_copy(update={"kafka": fresh.kafka.model_copy(update={"bootstrap": "127.0.0.1:1"})})
    done = run(gone, "check", cwd=tmp_path)
    assert done.returncode == 69
    assert "the broker at 127.0.0.1:1 does not answer" in done.stderr
    assert "fraudstream up" in done.stderr


def test_a_name_that_is_none_is_a_wrong_setting() -> None:
    """Waiting does not help there: exit code 78."""
    with pytest.raises(Misconfigured, match="Failed to resolve") as error:
        Administration(load({"kafka.bootstrap": "no.such.host.invalid:9092"}, env={})).look()
    assert "spelling" in error.value.fix


def test_a_property_that_is_none_is_a_wrong_setting() -> None:
    """Named in the client's words, with where it stands."""
    with pytest.raises(Misconfigured, match="No such configuration property"):
        Administration(load({"kafka.properties.no.such": "thing"}, env={}))


def test_a_silent_broker_does_not_hang_it(silent: str) -> None:
    """Something that accepts and says nothing is given up after some seconds."""
    with pytest.raises(DependencyAway):
        Administration(load({"kafka.bootstrap": silent}, env={})).look()


def test_help_tells_what_the_commands_do(tmp_path: Path) -> None:
    """`topics` alone lists them; each names the settings behind its options and its exit codes."""
    command = [sys.executable, "-m", "fraudstream", "topics"]
    listed = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=30, check=True).stdout
    assert "Make the topics that are missing" in listed
    assert "Compare the topics with what is needed" in listed
    told = subprocess.run([*command, "check", "--help"], capture_output=True, text=True, timeout=30, check=True).stdout
    assert "78" in told


def standing(**changes: Topic) -> Found:
    """All topics as they should be, but for the changes."""
    topics = {
        rule.role: Topic(rule.partitions or 6, 1, USUAL | {"retention.ms": str(rule.retention_ms)}) for rule in RULES
    }
    return Found(1, topics | {Role(name): topic for name, topic in changes.items()})


def good(role: Role) -> Topic:
    return standing().topics[role]


def changed(role: Role, **config: str) -> Found:
    """That topic with other settings of Kafka's; a dot in their names is written __."""
    topic = good(role)
    config = {name.replace("__", "."): value for name, value in config.items()}
    return standing(**{role: replace(topic, config={**(topic.config or {}), **config})})


DEFAULTS = load({}, env={})


def test_nothing_is_found_where_all_is_well() -> None:
    """As `create` makes them, on one broker."""
    assert compare(standing(), DEFAULTS) == []


def test_labels_are_kept_for_as_long_as_answers_see() -> None:
    """Where verdicts count later than usual, the topic of labels has to reach further back: made so, and checked."""
    patient = load({"labels.delay": "30d"}, env={})
    days = 2 * 90 + 30
    (finding,) = compare(standing(), patient)
    assert (finding.severity, finding.subject) == ("warning", patient.topics.labels)
    assert "it is kept for 190 days" in finding.what
    (made,) = (each for each in missing(Found(1, {}), patient) if each.role is Role.LABELS)
    assert days * DAY_MS < int(made.config["retention.ms"]) < (days + 1) * DAY_MS
    assert f"retention.ms={made.config['retention.ms']}" in finding.fix


@pytest.mark.parametrize(
    ("found", "severity", "said", "fix"),
    [
        (changed(Role.TRANSACTIONS, cleanup__policy="compact"), "error", "compacted", "cleanup.policy=delete"),
        (changed(Role.FLAGS, cleanup__policy="compact,delete"), "error", "compacted", "cleanup.policy=delete"),
        (changed(Role.EPOCHS, retention__ms="604800000"), "error", "for 7 days, not for ever", "retention.ms=-1"),
        (changed(Role.EPOCHS, retention__bytes="1000"), "error", "cut at 1000 bytes", "retention.bytes=-1"),
        (
            changed(Role.FLAGS, retention__ms="5400000"),
            "warning",
            "for 1.5 hours, not for 90",
            "retention.ms=7776000000",
        ),
        (changed(Role.TRANSACTIONS, retention__bytes="9"), "warning", "cut at 9 bytes", "retention.bytes=-1"),
        (
            changed(Role.SCORES, unclean__leader__election__enable="true"),
            "warning",
            "may become leader",
            "unclean.leader.election.enable=false",
        ),
        (
            changed(Role.LABELS, message__timestamp__type="LogAppendTime"),
            "warning",
            "those of the broker",
            "message.timestamp.type=CreateTime",
        ),
        (changed(Role.DLQ, max__message__bytes="1000"), "warning", "takes 1000 bytes", "max.message.bytes=1048588"),
        (
            changed(Role.FLAGS, min__insync__replicas="2"),
            "error",
            "has 1 copy: nothing can be",
            "min.insync.replicas=1",
        ),
        (
            standing(flags=replace(good(Role.FLAGS), replication=3)),
            "warning",
            "one of 3 copies is enough",
            "min.insync.replicas=2",
        ),
        (standing(flags=replace(good(Role.FLAGS), partitions=5)), "error", "5 partitions, the input", "--partitions 6"),
        (standing(labels=replace(good(Role.LABELS), partitions=5)), "error", "same number", "while it is empty"),
        (standing(labels=replace(good(Role.LABELS), partitions=7)), "error", "same number", "topics.labels"),
        (
            standing(flags=replace(good(Role.FLAGS), allowed=frozenset({"READ", "DESCRIBE"}))),
            "error",
            "may not write it",
            "--operation Write --topic fraud-flags",
        ),
        (
            standing(transactions=replace(good(Role.TRANSACTIONS), allowed=frozenset({"WRITE"}))),
            "error",
            "may not read it",
            "--operation Read --topic transactions",
        ),
    ],
)
def test_each_fault_is_found_alone(found: Found, severity: str, said: str, fix: str) -> None:
    """One thing wrong is one finding, with the command that mends it."""
    (finding,) = compare(found, DEFAULTS)
    assert finding.severity == severity
    assert said in finding.what
    assert fix in finding.fix
    assert finding.exit_code == (78 if severity == "error" else 0)


@pytest.mark.parametrize(
    "found",
    [
        changed(Role.FLAGS, retention__ms="-1"),
        changed(Role.TRANSACTIONS, message__timestamp__type="LogAppendTime"),
        standing(flags=replace(good(Role.FLAGS), partitions=7)),
        standing(flags=replace(good(Role.FLAGS), allowed=frozenset({"ALL"}))),
    ],
)
def test_what_does_no_harm_is_not_found(found: Found) -> None:
    """Longer kept, more partitions in an output, the broker's time in the input."""
    assert compare(found, DEFAULTS) == []


def test_one_copy_matters_where_there_are_several_brokers() -> None:
    """On a single broker there cannot be more."""
    findings = compare(replace(standing(), brokers=3), DEFAULTS)
    assert [each.severity for each in findings] == [Severity.WARNING] * 7
    assert all("cluster of 3 brokers" in each.what for each in findings)


def test_a_missing_topic_of_scores_is_an_error_where_scores_are_written() -> None:
    """Without output.scores nobody writes to it."""
    found = replace(standing(), topics={role: each for role, each in standing().topics.items() if role != Role.SCORES})
    for told, severity in (("false", Severity.WARNING), ("true", Severity.ERROR)):
        (finding,) = compare(found, load({"output.scores": told}, env={}))
        assert finding.severity == severity


def test_what_may_not_be_read_is_said_once() -> None:
    """Without the right to read their settings, retention is not checked and everything else is."""
    unread = {role: replace(topic, config=None) for role, topic in standing().topics.items()}
    (finding,) = compare(replace(standing(), topics=unread), DEFAULTS)
    assert finding.severity == Severity.WARNING
    assert "could not be checked" in finding.what
    assert "--operation DescribeConfigs --topic transactions --topic fraud-labels" in finding.fix


def test_what_may_not_be_seen_is_not_said_to_be_missing() -> None:
    """A broker hides topics from those who have no right to them."""
    found = Found(1, {}, frozenset({Role.TRANSACTIONS}))
    finding = compare(found, load({"kafka.properties.sasl.username": "scorer"}, env={}))[0]
    assert "may not see it" in finding.what
    assert "--allow-principal User:scorer --operation Read --topic transactions" in finding.fix
