"""`fraudstream doctor` against real Kafka and Redis, well, ill, silent and forbidding."""

import io
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigResource,
    ResourcePatternType,
)
from confluent_kafka.cimpl import NewTopic
from redis import Redis
from rich.console import Console

from batch.generation import publish
from fraudstream.doctor import (
    addresses,
    broker,
    examine,
    folders,
    group,
    producers,
    registry,
    report,
    subscribers,
    topics,
    transactions,
    versions,
)
from fraudstream.doctor import redis as store
from fraudstream.doctor.clients import Heard
from fraudstream.doctor.examine import Planned
from fraudstream.doctor.finding import Finding, Severity, away, info, ok, warning, worst, wrong
from fraudstream.doctor.producers import partitioner
from fraudstream.doctor.sample import Record
from fraudstream.local import java, ports
from fraudstream.local import redis as local_redis
from fraudstream.local.fetch import fetch
from fraudstream.local.jars import cache_folder, class_path
from fraudstream.local.kafka import Kafka
from fraudstream.local.running import Servers
from fraudstream.topics import Administration, missing
from producer.orders import Desk
from schemas.churn import Keys
from schemas.errors import Misconfigured
from schemas.orders import Order
from schemas.partitioner import Partitioner, partition
from schemas.settings import Settings, load
from schemas.topics import Role

ADMIN = {"sasl.username": "admin", "sasl.password": "of the cluster"}
SCORER = {"sasl.username": "scorer", "sasl.password": "of the scorer"}
LOGIN = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN"}
GUARDED = """\
sasl.enabled.mechanisms=PLAIN
listener.name.clients.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_admin="of the cluster" user_scorer="of the scorer";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:admin
transaction.state.log.replication.factor=3
"""
LOST = "broker.of.nowhere.invalid:9092"


class Guarded(Kafka):
    """Wants a password and grants rights; has a listener that leads nowhere, and no transactions."""

    def prepare(self) -> list[str]:
        command = super().prepare()
        inner, lost = self.controller_port + 1, self.controller_port + 2
        written = self.settings.read_text()
        written = written.replace("transaction.state.log.replication.factor=1\n", "")
        written = written.replace("CLIENTS:PLAINTEXT", "CLIENTS:SASL_PLAINTEXT,INNER:PLAINTEXT,LOST:PLAINTEXT")
        written = written.replace("broker.listener.name=CLIENTS", "broker.listener.name=INNER")
        for name, address in (("\nlisteners=", f"127.0.0.1:{lost}"), ("advertised.listeners=", LOST)):
            written = written.replace(name, f"{name}INNER://127.0.0.1:{inner},LOST://{address},")
        self.settings.write_text(written + GUARDED)
        return command

    def answers(self) -> bool:
        with_login = {"bootstrap.servers": self.bootstrap, **LOGIN, **ADMIN}
        try:
            return bool(AdminClient({**with_login}).list_topics(timeout=2).brokers)
        except Exception:  # noqa: BLE001 - it is not ready yet
            return False

    @property
    def lost(self) -> str:
        return f"127.0.0.1:{self.controller_port + 2}"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    rng = random.Random()
    port, controller = free(rng, 1), free(rng, 3)
    jars = class_path(None, cache=cache_folder(), fetch=fetch)
    folder = tmp_path_factory.mktemp("guarded")
    server = Guarded(base=folder, port=port, controller_port=controller, jars=jars, java=java.find())
    server.start()
    yield server
    server.stop()


def free(rng: random.Random, count: int) -> int:
    """The first of so many free ports in a row."""
    while True:
        first = ports.pick(rng)
        if all(map(ports.is_free, range(first, first + count))):
            return first


@pytest.fixture
def silent() -> Iterator[str]:
    """Accepts connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", port := ports.pick(random.Random())))
        server.listen(50)
        yield f"127.0.0.1:{port}"


def changed(settings: Settings, **given: object) -> Settings:
    """The same deployment with other settings, named group__field."""
    return settings.model_copy(
        update={
            name: getattr(settings, name).model_copy(
                update={path.partition("__")[2]: value for path, value in given.items() if path.startswith(f"{name}__")}
            )
            for name in {path.partition("__")[0] for path in given}
        }
    )


def at(bootstrap: str, *properties: dict[str, str]) -> Settings:
    named = {f"kafka.properties.{name}": value for each in properties for name, value in each.items()}
    return load({"kafka.bootstrap": bootstrap, **named}, env={})


def only(findings: Sequence[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


def said(findings: Sequence[Finding], severity: Severity) -> list[str]:
    return [each.what for each in findings if each.severity is severity]


# The whole


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")}
    env["FRAUDSTREAM_MODELS_ROOT"] = str(cwd / "models")
    command = [sys.executable, "-m", "fraudstream", "doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, cwd=cwd, env=env, check=False)


def options(settings: Settings) -> list[str]:
    names = [f"--set=topics.{role}={settings.topics.name(role)}" for role in Role]
    return [
        f"--bootstrap={settings.kafka.bootstrap}",
        f"--redis={settings.redis.url.get_secret_value()}",
        f"--set=redis.prefix={settings.redis.prefix}",
        f"--set=score.group={settings.score.group}",
        f"--set=registry.cache={settings.registry.cache}",
        *names,
    ]


CHECKS = [each.name for each in examine.PLAN]


def test_a_sound_deployment_is_found_sound(settings: Settings, tmp_path: Path) -> None:
    """Exit code 0; every check has spoken, in its order, and every finding has all its parts."""
    fresh = {f"topics__{role}": f"{settings.topics.name(role)}-made" for role in Role}
    settings = changed(settings, **fresh)
    administration = Administration(settings)
    assert len(list(administration.make(missing(administration.look(), settings)))) == 7
    done = run("--json", *options(settings), cwd=tmp_path)
    findings = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert list(dict.fromkeys(each["check"] for each in findings)) == CHECKS
    assert all(set(each) == {"check", "severity", "subject", "what", "fix"} for each in findings)
    assert all(each["fix"] for each in findings if each["severity"] in {"warning", "error"})


def test_all_that_is_away_is_told_at_once(tmp_path: Path) -> None:
    """Neither Kafka nor Redis: exit code 69 and how to start them; what cannot be asked is said not to be."""
    done = run("--bootstrap=127.0.0.1:1", "--redis=redis://127.0.0.1:1/0", cwd=tmp_path)
    assert done.returncode == 69
    lines = done.stdout.splitlines()
    assert any(line.startswith("error    broker") and "nothing listens there" in line for line in lines)
    assert any(line.startswith("error    redis") and "does not answer" in line for line in lines)
    assert sum("because the broker cannot be asked" in line for line in lines) == 5
    assert sum(line.startswith("         fix: ") and "fraudstream up" in line for line in lines) == 2
    assert lines[-1] == "2 errors, 0 warnings"


def test_what_accepts_and_never_answers_hangs_nothing(silent: str) -> None:
    """Kafka, Redis and registry all silent: each is named, and it takes seconds."""
    settings = load(
        {"kafka.bootstrap": silent, "redis.url": f"redis://{silent}/0", "registry.url": f"http://{silent}"}, env={}
    )
    began = time.monotonic()
    sections = dict(examine.examine(settings))
    assert time.monotonic() - began < 25
    for name in ("broker", "redis", "registry"):
        (what,) = said(sections[name], Severity.ERROR)
        assert "does not answer" in what
    assert worst(each for found in sections.values() for each in found) == 69


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Planned]:
    """A check that does what it is given to do."""

    def plan(name: str, check: Callable[[Settings], object], seconds: float = 5, asks_broker: bool = False) -> Planned:
        monkeypatch.setitem(sys.modules, f"fraudstream.doctor.{name}", SimpleNamespace(check=check))
        return Planned(name, seconds, asks_broker=asks_broker)

    return plan


def test_no_check_hides_another(planned: Callable[..., Planned]) -> None:
    """One hangs after its first finding, one breaks, one cannot be loaded: all of them and the sound one report."""
    never = threading.Event()

    def hangs(_: Settings) -> Iterator[Finding]:
        yield ok("it", "was fine so far")
        never.wait()

    def breaks(_: Settings) -> Iterator[Finding]:
        raise ZeroDivisionError("one over none")

    plan = [
        planned("hanging", hangs, seconds=0.3),
        planned("breaking", breaks),
        Planned("there_is_no_such_check", 5),
        planned("sound", lambda _: [ok("it", "is fine")]),
    ]
    sections = dict(examine.examine(load({}, env={}), plan))
    never.set()
    assert [each.severity for each in sections["hanging"]] == [Severity.OK, Severity.ERROR]
    assert "did not come to an end within 0.3 s" in sections["hanging"][1].what
    assert "ZeroDivisionError: one over none" in only(sections["breaking"]).what
    assert "cannot be loaded: ModuleNotFoundError" in only(sections["there_is_no_such_check"]).what
    assert only(sections["sound"]) == ok("it", "is fine")


def test_the_worst_finding_decides_the_exit_code() -> None:
    """Set up wrongly comes before away; warnings are no failure."""
    assert worst([ok("a", "b"), info("a", "b"), warning("a", "b", "c")]) == 0
    assert worst([away("a", "b", "c"), ok("a", "b")]) == 69
    assert worst([away("a", "b", "c"), wrong("a", "b", "c")]) == 78


def test_fixes_are_never_broken_on_a_terminal() -> None:
    """A command longer than the line is one line still, and stands once for all it mends."""
    command = "kafka-configs.sh " + "--long-option " * 20
    findings = [wrong("one", "is ill", command), wrong("two", "is ill", command), ok("three", "is well")]
    console = Console(file=(written := io.StringIO()), width=60, force_terminal=True, color_system=None)
    report.draw([("topics", findings)], console)
    assert f"  {command.strip()}" in "".join(written.getvalue()).replace(" \n", "\n")
    assert "topics one, topics two:" in written.getvalue()
    assert "2 errors, 0 warnings" in written.getvalue()


# The broker


def test_a_broker_that_answers_is_found(services: Servers) -> None:
    """With how many there are, and which cluster it is."""
    assert "answers: 1 broker, cluster" in only([*broker.check(at(services.bootstrap))]).what


def test_a_name_nobody_knows_is_a_wrong_setting() -> None:
    """Exit code 78, at once."""
    finding = only([*broker.check(at("no.such.host.invalid:9092"))])
    assert (finding.subject, finding.exit_code) == ("no.such.host.invalid:9092", 78)
    assert "does not know that name" in finding.what


def test_one_bootstrap_address_that_works_is_enough(services: Servers) -> None:
    """The other one is worth a warning."""
    lame, good = broker.check(at(f"127.0.0.1:1,{services.bootstrap}"))
    assert (lame.severity, lame.subject) == (Severity.WARNING, "127.0.0.1:1")
    assert good.severity is Severity.OK


def test_a_property_that_is_none_is_a_wrong_setting(services: Servers) -> None:
    """Said with its name, and not as a failure of the check."""
    with pytest.raises(Misconfigured, match="No such configuration property") as error:
        list(broker.check(at(services.bootstrap, {"no.such": "thing"})))
    assert "kafka.properties" in error.value.fix


def test_a_wrong_password_is_told_in_plain_words(guarded: Guarded) -> None:
    """Exit code 78: the login fails, and what to check."""
    finding = only([*broker.check(at(guarded.bootstrap, LOGIN, {**SCORER, "sasl.password": "forgotten"}))])
    assert finding.exit_code == 78
    assert "the login fails" in finding.what
    assert "Invalid username or password" in finding.what
    assert "forgotten" not in str(finding)
    assert "password" in finding.fix


def test_a_login_that_is_wanted_is_missed(guarded: Guarded) -> None:
    """A broker that hangs up on us may want a password or TLS."""
    finding = only([*broker.check(at(guarded.bootstrap))])
    assert "closes the connection when asked as Kafka, without login or TLS" in finding.what
    assert "security.protocol" in finding.fix


def test_tls_where_there_is_none_is_found(services: Servers) -> None:
    """Exit code 78, within a moment."""
    finding = only([*broker.check(at(services.bootstrap, {"security.protocol": "SSL"}))])
    assert finding.exit_code == 78
    assert "with TLS, but that listener has none" in finding.what


def test_the_advertised_listener_that_is_wrong_is_named(guarded: Guarded) -> None:
    """The broker answers at the address we have, and sends us to one that leads nowhere."""
    settings = at(guarded.lost)
    finding = only([*broker.check(settings)])
    assert (finding.subject, finding.exit_code) == (LOST, 78)
    assert "broker 1 tells its clients to come to broker.of.nowhere.invalid:9092" in finding.what
    assert "does not know that name" in finding.what
    assert "advertised.listeners" in finding.fix
    assert only(dict(examine.examine(settings))["topics"]).what == "not looked at, because the broker cannot be asked"


@pytest.mark.parametrize(
    ("bootstrap", "found"),
    [
        ("one:9093, two", [("one", 9093), ("two", 9092)]),
        ("SASL_SSL://one:1", [("one", 1)]),
        ("[::1]:9092", [("::1", 9092)]),
    ],
)
def test_addresses_are_read_as_clients_read_them(bootstrap: str, found: list[tuple[str, int]]) -> None:
    """Several, with and without port, scheme and brackets."""
    assert addresses.brokers(at(bootstrap).kafka.bootstrap) == found


def test_what_clients_hear_is_told_apart() -> None:
    """The most telling cause wins, brokers told by the cluster are kept by themselves, the rest is noise."""
    heard = Heard()
    heard(KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"))
    assert (heard.hung_up, heard.cause) == (True, None)
    heard(
        KafkaError(KafkaError._RESOLVE, "sasl_ssl://[fd00::1]:9093/12: Failed to resolve (after 0ms in state CONNECT)")
    )
    assert (heard.advertised, heard.telling) == ({12: ("fd00::1", 9093)}, False)
    heard(KafkaError(KafkaError._TRANSPORT, "one:9092/bootstrap: Connect failed (after 0ms in state CONNECT)"))
    assert (heard.words, heard.telling) == ("Connect failed", False)
    heard(KafkaError(KafkaError._AUTHENTICATION, "one:9092/bootstrap: SASL: no (after 3ms in state AUTH)"))
    heard(KafkaError(KafkaError._TRANSPORT, "one:9092/bootstrap: Disconnected"))
    assert (heard.words, heard.telling) == ("SASL: no", True)


def test_a_port_nobody_answers_on_is_given_up(silent: str) -> None:
    """Full of connections that are not taken: no answer within the time."""
    host, port = silent.split(":")
    with socket.socket() as full:
        full.bind((host, 0))
        full.listen(0)
        name = addresses.Address(host, full.getsockname()[1])
        held = [socket.socket() for _ in range(4)]
        for each in held:
            each.setblocking(False)
            each.connect_ex(name)
        problem = addresses.tried([name, addresses.Address(host, int(port))], seconds=0.3)
        for each in held:
            each.close()
    assert problem[name] == ("no answer within 0.3 s, as behind a firewall", False)
    assert problem[addresses.Address(host, int(port))] is None


# Transactions and rights


def test_transactions_are_tried(settings: Settings) -> None:
    """Real ones; at-least-once needs none."""
    assert only([*transactions.check(settings)]).severity is Severity.OK
    assert only([*transactions.check(changed(settings, score__delivery="at_least_once"))]).severity is Severity.INFO


def test_a_cluster_too_small_for_transactions_is_found(guarded: Guarded) -> None:
    """It would let the scorer wait for ever."""
    finding = only([*transactions.check(at(guarded.bootstrap, LOGIN, ADMIN))])
    assert finding.exit_code == 69
    assert "transaction.state.log.replication.factor" in finding.fix


def test_rights_that_are_missing_are_named_with_the_grant(guarded: Guarded) -> None:
    """Transactional id, group and topics, each with a command that names the user."""
    settings = at(guarded.bootstrap, LOGIN, SCORER)
    checks = [*transactions.check(settings), *group.check(settings), *topics.check(settings)]
    grants = [each for each in checks if each.exit_code == 78]
    assert len(grants) == 6
    assert all("--allow-principal User:scorer" in each.fix for each in grants)
    assert "--transactional-id fraudstream --resource-pattern-type prefixed" in grants[0].fix
    assert "--operation Read --topic transactions" in grants[1].fix


def test_settings_of_topics_that_may_not_be_read_are_said_to_be_unchecked(guarded: Guarded) -> None:
    """Without DESCRIBE_CONFIGS everything else is checked; without READ on the group, that is told too."""
    names = {role: f"{role}-{uuid.uuid4().hex[:8]}" for role in Role}
    admin = AdminClient({"bootstrap.servers": guarded.bootstrap, **LOGIN, **ADMIN})
    wanted = [NewTopic(name, 1 if role is Role.ORDERS else 2, 1) for role, name in names.items()]
    for made in admin.create_topics(wanted).values():
        made.result(15)
    for role in (Role.TRANSACTIONS, Role.ORDERS):
        allow(admin, "TOPIC", names[role], AclOperation.READ)
    for role in set(names) - {Role.TRANSACTIONS, Role.ORDERS}:
        allow(admin, "TOPIC", names[role], AclOperation.WRITE)
    properties = {f"kafka.properties.{name}": value for name, value in (LOGIN | SCORER).items()}
    named = {f"topics.{role}": name for role, name in names.items()}
    settings = load({"kafka.bootstrap": guarded.bootstrap, **properties, **named}, env={})
    unread, unchecked = [each for each in topics.check(settings) if each.severity != Severity.OK]
    assert (unread.subject, unread.what) == (names[Role.LABELS], "this user may not read it")
    assert "could not be checked" in unchecked.what
    assert "--operation Read --group fraudstream" in only([*group.check(settings)]).fix
    assert "there is no record" in only([*producers.check(settings)]).what


def allow(admin: AdminClient, kind: str, name: str, operation: AclOperation) -> None:
    resource = getattr(ConfigResource.Type, kind)
    literal, allow = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
    binding = AclBinding(resource, name, literal, "User:scorer", "*", operation, allow)
    for granted in admin.create_acls([binding]).values():
        granted.result(15)


# The producers


def put(settings: Settings, how: str, count: int = 400, timestamp: int = 0, **fields: object) -> None:
    """So many good transactions; `key` may be another function of the card id."""
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "partitioner": how})
    for number in range(count):
        card = f"card-{number}"
        event = {
            "event_id": f"event-{number}",
            "event_time": 1_767_571_200_000,
            "card_id": card,
            "customer_id": "7",
            "terminal_id": "t1",
            "amount_minor": 100,
            "currency": "EUR",
        }
        key = fields.get("key", card)
        producer.produce(
            settings.topics.transactions,
            json.dumps(event | {name: value for name, value in fields.items() if name != "key"}),
            key if key is None else str(key),
            timestamp=timestamp,
        )
    assert producer.flush(20) == 0


def test_the_partitioner_of_the_settings_is_recognised(settings: Settings) -> None:
    """And the contents of the records; nothing is joined or committed for that."""
    put(settings, "murmur2_random")
    first, second = producers.check(settings)
    assert first.what == "producers use murmur2: all of 400 keys fit it"
    assert second.what == "the contents of 400 sampled records are in order"
    admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
    ((_, future),) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(settings.score.group)]).items()
    assert future.result(10).topic_partitions == []
    assert [each.group_id for each in admin.list_consumer_groups().result(10).valid if each.group_id] == [
        each.group_id for each in admin.list_consumer_groups().result(10).valid if each.group_id != settings.score.group
    ]


def test_the_other_partitioner_is_named_with_the_setting(settings: Settings) -> None:
    """Librdkafka's default, where the settings say Java's: exit code 78."""
    put(settings, "consistent_random")
    wrong_setting, _ = producers.check(settings)
    assert wrong_setting.exit_code == 78
    assert "producers use crc32, kafka.partitioner says murmur2" in wrong_setting.what
    assert 'kafka.partitioner = "crc32"' in wrong_setting.fix
    assert [each.severity for each in producers.check(changed(settings, kafka__partitioner="crc32"))] == [
        Severity.OK,
        Severity.OK,
    ]


def test_mixed_producers_are_found_with_counts(settings: Settings) -> None:
    """Each of them is right by itself; together they split the cards."""
    put(settings, "murmur2_random", 300)
    put(settings, "consistent_random", 300)
    mixed, _ = producers.check(settings)
    assert mixed.exit_code == 78
    assert "producers are mixed" in mixed.what
    assert "of 600 sampled keys" in mixed.what
    assert "0 neither" in mixed.what


def test_keys_that_are_missing_or_not_the_card_are_counted(settings: Settings) -> None:
    """A warning, and that they are refused where the settings refuse them."""
    put(settings, "murmur2_random", 30, key=None)
    put(settings, "murmur2_random", 20, key="always the same")
    warned = said([*producers.check(settings)], Severity.WARNING)
    assert warned == [
        "30 of 50 sampled records have no key",
        "20 of 50 sampled records have a key that is not the card id",
    ]
    strict = said([*producers.check(changed(settings, checks__strict_keys=True))], Severity.WARNING)
    assert strict[0].endswith("have no key and are refused: checks.strict_keys")


def test_card_numbers_are_found_and_not_shown(settings: Settings) -> None:
    """Counted, never quoted."""
    put(settings, "murmur2_random", 5, card_id="4111111111111111", key="4111111111111111")
    findings = [*producers.check(settings)]
    assert "5 of 5 sampled records hold what looks like a card number" in said(findings, Severity.WARNING)
    assert "4111" not in str(findings)


def test_records_that_would_be_dead_letters_are_counted_by_reason(settings: Settings) -> None:
    """Some are a warning; all of them are an error."""
    put(settings, "murmur2_random", 5, currency="euro")
    put(settings, "murmur2_random", 2, amount_minor=-1)
    refused = [each for each in producers.check(settings) if "dead letters" in each.what]
    assert only(refused).exit_code == 78
    assert (
        "7 of 7 sampled records would become dead letters: currency_invalid 5, amount_out_of_range 2" in refused[0].what
    )
    put(settings, "murmur2_random", 1)
    assert (
        only([each for each in producers.check(settings) if "dead letters" in each.what]).severity is Severity.WARNING
    )


def test_schema_ids_without_a_registry_are_explained(settings: Settings) -> None:
    """Records in Confluent framing need registry.url."""
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap})
    producer.produce(settings.topics.transactions, b"\x00\x00\x00\x00\x07payload", b"card")
    assert producer.flush(20) == 0
    (finding,) = [each for each in producers.check(settings) if "dead letters" in each.what]
    assert "unknown_schema 1" in finding.what
    assert "registry.url" in finding.fix


def test_a_registry_that_is_away_hides_no_other_finding(settings: Settings, silent: str) -> None:
    """The partitioner is told although the contents cannot be read."""
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "partitioner": "murmur2_random"})
    for number in range(50):
        producer.produce(settings.topics.transactions, b"\x00\x00\x00\x00\x07payload", f"card-{number}")
    assert producer.flush(20) == 0
    asking = changed(settings, registry__url=f"http://{silent}", registry__timeout_ms=200)
    told, undecoded = producers.check(asking)
    assert told.what == "producers use murmur2: all of 50 keys fit it"
    assert (undecoded.exit_code, "could not be decoded" in undecoded.what) == (69, True)


def test_records_from_the_future_tell_of_a_wrong_clock(settings: Settings) -> None:
    """A minute is allowed."""
    put(settings, "murmur2_random", 3, timestamp=int(time.time() * 1000) + 600_000)
    (finding,) = [each for each in producers.check(settings) if "in the future" in each.what]
    assert finding.severity is Severity.WARNING
    assert "NTP" in finding.fix


def placed(how: Callable[[bytes], int], count: int = 200) -> list[Record]:
    keys = [b"key-%d" % number for number in range(count)]
    return [Record(how(key), 0, 0, key, None) for key in keys]


def by(name: Partitioner, partitions: int) -> Callable[[bytes], int]:
    return lambda key: partition(key, partitions, name)


def test_keys_placed_by_hand_fit_neither() -> None:
    """Round robin, or partitions added later: a warning that says what it may be."""
    records = [Record(number % 6, 0, 0, b"key-%d" % number, None) for number in range(200)]
    finding = only([*partitioner(load({}, env={}), records, 6)])
    assert finding.severity is Severity.WARNING
    assert "before partitions were added" in finding.what


def test_a_stray_record_does_not_hide_who_places_the_others() -> None:
    """One in a hundred put by hand: the partitioner of the others is still told, with all counts."""
    records = [*placed(by("crc32", 6), 300), Record(0, 0, 0, b"2 by hand", None)]
    assert {partition(b"2 by hand", 6, how) for how in ("murmur2", "crc32")}.isdisjoint({0})
    finding = only([*partitioner(load({}, env={}), records, 6)])
    assert "producers use crc32, kafka.partitioner says murmur2" in finding.what
    assert "1 neither" in finding.what


@pytest.mark.parametrize(("partitions", "keys"), [(1, 200), (6, 0)])
def test_nothing_is_claimed_where_nothing_can_be_known(partitions: int, keys: int) -> None:
    """One partition fits every partitioner, and records without keys tell nothing."""
    findings = [*partitioner(load({}, env={}), placed(by("crc32", partitions), keys), partitions)]
    assert [each.severity for each in findings] == ([Severity.OK] if keys else [])


def test_a_topic_that_is_not_there_is_no_failure(settings: Settings) -> None:
    """The check of the topics has said it; it is not made by looking."""
    nowhere = changed(settings, topics__transactions="nobody-made-it")
    assert "not sampled" in only([*producers.check(nowhere)]).what
    assert "missing" in only([*group.check(nowhere)]).what
    admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
    assert "nobody-made-it" not in admin.list_topics(timeout=10).topics


# The group


def commit(settings: Settings, *offsets: tuple[int, int]) -> None:
    own = {"bootstrap.servers": settings.kafka.bootstrap, "group.id": settings.score.group}
    consumer = Consumer(own)
    places = [TopicPartition(settings.topics.transactions, *each) for each in offsets]
    consumer.commit(offsets=places, asynchronous=False)
    consumer.close()


def test_a_group_that_never_scored_begins_where_it_is_told(settings: Settings) -> None:
    """That is no fault."""
    finding = only([*group.check(settings)])
    assert finding.severity is Severity.INFO
    assert finding.what == "no worker; it has scored nothing yet and begins at score.start=end"


def test_the_lag_is_told_and_that_nobody_works_on_it(settings: Settings) -> None:
    """Over all partitions, also those never committed."""
    put(settings, "murmur2_random", 100)
    commit(settings, (0, 1), (1, 0))
    finding = only([*group.check(settings)])
    assert finding.what == "no worker; lag 99, and nobody is scoring"
    assert finding.fix == "fraudstream score"


def test_workers_are_counted(settings: Settings) -> None:
    """With the state of the group; more workers than partitions are idle."""
    commit(settings, (0, 0))
    with joined(settings):
        finding = only([*group.check(settings)])
    assert (finding.severity, finding.what) == (Severity.OK, "1 worker, stable; lag 0")


@contextmanager
def joined(settings: Settings) -> Iterator[Consumer]:
    consumer = Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": settings.score.group})
    consumer.subscribe([settings.topics.transactions])
    deadline = time.monotonic() + 30
    while not consumer.assignment() and time.monotonic() < deadline:
        consumer.poll(0.1)
    yield consumer
    consumer.close()


def test_partitions_that_stand_still_are_told(settings: Settings) -> None:
    """Stopped for their dead letters, until that stop is resumed; or paused, by whom; each with the way out."""
    place = TopicPartition(settings.topics.transactions, 2, 0, "1 c=1001 n=1/1000 r=1 s=0")
    consumer = Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": settings.score.group})
    consumer.commit(offsets=[place], asynchronous=False)
    consumer.close()
    said = {"group": settings.score.group, "who": "ann", "why": "a test", "at": datetime.now(UTC), "partition": 2}
    Desk(settings).give([Order.model_validate(said | {"verb": "pause"})])
    _, stopped, paused = group.check(settings)
    assert (stopped.severity, stopped.what.partition(":")[0]) == (Severity.ERROR, "partition 2 stands still")
    assert "fraudstream dlq resume 2" in stopped.fix
    assert paused.what.endswith("by order of ann")
    resumed = [{"verb": "resume"}, {"verb": "resume_dead_letters", "stop": "2@0"}]
    Desk(settings).give([Order.model_validate(said | each) for each in resumed])
    assert len([*group.check(settings)]) == 1


def test_a_position_that_fell_off_the_log_is_an_error(settings: Settings) -> None:
    """Records were deleted unscored: exit code 78, and the command that decides where to go on."""
    put(settings, "murmur2_random", 100)
    commit(settings, (0, 1))
    admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
    for deleted in admin.delete_records([TopicPartition(settings.topics.transactions, 0, 5)]).values():
        deleted.result(15)
    _, lost = group.check(settings)
    assert lost.exit_code == 78
    assert "partition 0 is 1, but the log begins at 5: 4 records went unscored" in lost.what
    assert "fraudstream operate move --to earliest --partition 0" in lost.fix


def test_a_position_beyond_the_end_is_an_error(settings: Settings) -> None:
    """As after the topic was deleted and made anew."""
    commit(settings, (0, 1_000))
    _, lost = group.check(settings)
    assert lost.exit_code == 78
    assert "the log ends at 0" in lost.what


# Redis


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[local_redis.Redis]:
    port = ports.claim(None, random.Random(), option="")
    server = local_redis.Redis(base=tmp_path, port=port, program=local_redis.find(allow_fake=False))
    server.start()
    yield server
    server.stop()


def in_redis(server: local_redis.Redis, login: str = "") -> Settings:
    return load({"redis.url": server.url.replace("redis://", f"redis://{login}")}, env={})


def test_redis_with_a_fresh_generation_is_found_sound(settings: Settings) -> None:
    """Version, and what is live."""
    now = datetime.now(UTC)
    with Redis.from_url(settings.redis.url.get_secret_value()) as client:
        times = {"as_of": now - timedelta(hours=5), "published_at": now - timedelta(hours=3)}
        publish(client, Keys(settings.redis.prefix), {"7": 1}, generation="g1", model="m", **times)
        server, current = store.check(settings)
        assert (server.severity, current.severity) == (Severity.OK, Severity.OK)
        assert current.what == "generation g1: 1 customers, rule dense, published 3 hours ago"
        times = {"as_of": now - timedelta(days=3), "published_at": now}
        publish(client, Keys(settings.redis.prefix), {"7": 1}, generation="g2", model="m", **times)
        _, _, old = store.check(settings)
        assert old.severity is Severity.WARNING
        assert old.what.startswith("its scores are 3 days old, and stale after enrich.max_age 26h")
        client.hdel(Keys(settings.redis.prefix).meta("g2"), "chunks")
        _, _, _, older = store.check(settings)
        assert "without chunks to copy" in older.what
        client.delete(Keys(settings.redis.prefix).meta("g2"))
        _, lost = store.check(settings)
        assert (lost.exit_code, "names generation 'g2'" in lost.what) == (78, True)


def test_no_generation_is_no_fault(settings: Settings) -> None:
    """Decisions are made without churn then."""
    _, finding = store.check(settings)
    assert (finding.severity, finding.what) == (Severity.INFO, "no churn scores have been published")


def test_a_redis_that_forgets_or_wastes_is_warned_about(own_redis: local_redis.Redis) -> None:
    """Eviction and hash limits, each with the command that changes it."""
    with Redis.from_url(own_redis.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("hash-max-ziplist-entries", 16)
    findings = [each for each in store.check(in_redis(own_redis)) if each.severity is Severity.WARNING]
    evicting, wasting = findings
    assert "allkeys-lru lets it drop churn scores that are in use" in evicting.what
    assert evicting.fix == "redis-cli config set maxmemory-policy noeviction"
    assert "-entries is 16" in wasting.what
    assert wasting.fix.endswith("-entries 128")
    with Redis.from_url(own_redis.url) as client:
        client.config_set("maxmemory-policy", "volatile-ttl")
        client.config_set("hash-max-ziplist-entries", 128)
    kept_back = only([each for each in store.check(in_redis(own_redis)) if each.severity is Severity.WARNING])
    assert "generations kept for going back" in kept_back.what


def test_a_login_to_redis_that_fails_is_told(own_redis: local_redis.Redis) -> None:
    """None where one is wanted, a wrong one, one without rights: 78, and never the password."""
    with Redis.from_url(own_redis.url) as client:
        client.acl_setuser(
            "reader", enabled=True, passwords=["+secret"], keys=["*"], commands=["+get", "+hgetall", "+info"]
        )
        client.acl_setuser("nobody", enabled=True, passwords=["+secret"])
        client.config_set("requirepass", "secret")
        unknown, wrong_one, powerless = (
            only([*store.check(in_redis(own_redis, login))]) for login in ("", ":wrong@", "nobody:secret@")
        )
        assert [each.exit_code for each in (unknown, wrong_one, powerless)] == [78, 78, 78]
        assert "the login fails" in unknown.what
        assert "the login fails" in wrong_one.what
        assert "refuses us" in powerless.what
        assert "wrong@" not in str(wrong_one)
        _, unread, generation = store.check(in_redis(own_redis, "reader:secret@"))
        assert (unread.severity, "CONFIG GET" in unread.what) == (Severity.INFO, True)
        assert generation.what == "no churn scores have been published"


@pytest.mark.parametrize(
    ("server", "severity", "text"),
    [
        ({"redis_version": "5.0.7"}, Severity.WARNING, "older than any"),
        ({"redis_version": "7.2.4", "cluster_enabled": 1}, Severity.ERROR, "it is a cluster"),
        ({}, Severity.OK, "version unknown"),
    ],
)
def test_what_redis_says_of_itself_is_judged(server: dict[str, object], severity: Severity, text: str) -> None:
    """Too old, a cluster, or something like Redis that says little."""
    assert text in said([*store._server("here", server)], severity)[-1]


# Registry, versions, folders, subscribers


class Registry(BaseHTTPRequestHandler):
    status, body = 200, b'["AVRO", "JSON"]'

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(status: int, body: bytes) -> Iterator[Settings]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answering", (Registry,), {"status": status, "body": body}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield load({"registry.url": f"http://127.0.0.1:{server.server_port}"}, env={})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "code", "text"),
    [
        (200, b'["AVRO", "JSON"]', 0, "it takes AVRO, JSON"),
        (401, b'{"error_code": 40101, "message": "who are you"}', 78, "refuses us: 401 who are you"),
        (500, b'{"error_code": 50001, "message": "no backend"}', 69, "500"),
        (200, b"<html>a shop</html>", 69, "does not answer"),
    ],
)
def test_the_registry_is_asked(status: int, body: bytes, code: int, text: str) -> None:
    """It answers, refuses, is broken, or is none."""
    with answering(status, body) as settings:
        finding = only([*registry.check(settings)])
    assert finding.exit_code == code
    assert text in finding.what


def test_without_a_registry_none_is_asked() -> None:
    """Most deployments have none."""
    assert only([*registry.check(load({}, env={}))]).severity is Severity.OK


def test_versions_are_compared_with_what_the_package_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too old or missing is named; what an extra brings is not asked for."""
    assert only([*versions.check(load({}, env={}))]).severity is Severity.OK
    needs = [
        "redis>=99.1",
        "no-such-package>=1.0",
        "pyspark>=4; extra == 'spark'",
        "confluent-kafka[schemaregistry]>=2.13",
    ]
    monkeypatch.setattr(versions, "requires", lambda _: needs)
    old, absent = versions.check(load({}, env={}))
    assert (old.subject, old.exit_code, "99.1 or newer" in old.what) == ("redis", 78, True)
    assert (absent.subject, "not installed" in absent.what) == ("no-such-package", True)


def test_folders_are_looked_at_and_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that can be made is as good as one that is there."""
    cache = tmp_path / "not" / "yet"
    settings = load({"registry.cache": str(cache)}, env={})
    assert only([*folders.check(settings)]).severity is Severity.OK
    assert not cache.exists()
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(file / "x"))
    blocked = [*folders.check(load({"registry.cache": str(file)}, env={}))]
    assert [each.severity for each in blocked] == [Severity.WARNING, Severity.WARNING]
    assert ["registry.cache" in blocked[0].fix, "NUMBA_CACHE_DIR" in blocked[1].fix] == [True, True]


def test_subscribers_are_told_how_to_read() -> None:
    """Committed decisions alone, or each event once."""
    once, twice = (load({"score.delivery": each}, env={}) for each in ("exactly_once", "at_least_once"))
    told = only([*subscribers.check(once)])
    assert "isolation.level=read_committed" in told.fix
    assert "Java" in told.fix
    assert told.subject == f"{once.topics.flags}, {once.topics.dlq}"
    assert "event_id" in only([*subscribers.check(twice)]).fix
