from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource

from fraudstream.local import java
from fraudstream.local.kafka import Kafka
from fraudstream.local.running import Servers, running
from schemas.errors import DependencyAway

Publish = Callable[[str, str, list[str]], None]
Read = Callable[[str, str, int], list[str]]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker that these tests may kill."""
    with running(tmp_path_factory.mktemp("own")) as servers:
        yield servers.kafka


def test_it_is_the_real_thing_with_transactions(services: Servers, publish: Publish, read: Read) -> None:
    """What a transaction has committed, a reader of committed records sees."""
    publish(services.bootstrap, "real-thing", ["a", "b", "c"])
    assert read(services.bootstrap, "real-thing", 3) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("auto.create.topics.enable", "false"),
        ("broker.session.timeout.ms", "3000"),
        ("group.initial.rebalance.delay.ms", "0"),
        ("group.min.session.timeout.ms", "1000"),
        ("offsets.topic.num.partitions", "8"),
        ("offsets.topic.replication.factor", "1"),
        ("share.coordinator.state.topic.num.partitions", "8"),
        ("share.coordinator.state.topic.replication.factor", "1"),
        ("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000"),
        ("transaction.state.log.num.partitions", "8"),
        ("transaction.state.log.replication.factor", "1"),
    ],
)
def test_one_node_is_enough_and_groups_form_at_once(services: Servers, name: str, value: str) -> None:
    client = AdminClient({"bootstrap.servers": services.bootstrap})
    resource = ConfigResource("broker", "1")
    entries = client.describe_configs([resource])[resource].result(10)
    assert entries[name].value == value


def test_its_log_tells_of_the_start_without_every_settings_value(services: Servers) -> None:
    """Up to the moment it serves; what it says of the requests of others afterwards is theirs."""
    log, started, _ = services.kafka.log.read_text().partition("Kafka Server started")
    assert started
    assert "values:" not in log
    assert " ERROR " not in log
    assert "Fencing" not in log


def test_after_a_crash_it_comes_back_on_its_port_with_its_data(own: Kafka, publish: Publish, read: Read) -> None:
    """Killed right after a commit, while its markers are still on their way: readers get to see it nevertheless.

    The node's old session must have ended before it starts, not halfway through: that is when it loses such markers.
    """
    bootstrap, pid = own.bootstrap, own.pid
    for topic in ("one", "two"):
        publish(bootstrap, topic, ["before"])
        own.kill()
        assert not own.answers()
        own.start()
        assert (own.bootstrap, own.pid != pid) == (bootstrap, True)
        assert read(bootstrap, topic, 1) == ["before"]
        assert "Fencing broker 1" in (own.folder / "controller.log").read_text()
        assert "Fencing broker 1" not in own.log.read_text()


def test_after_a_clean_stop_it_starts_straight_away(own: Kafka) -> None:
    own.stop()
    (own.folder / "controller.log").unlink(missing_ok=True)
    own.start()
    assert not (own.folder / "controller.log").exists()


def test_paused_it_keeps_its_port_and_answers_nobody(own: Kafka) -> None:
    own.pause()
    client = AdminClient({"bootstrap.servers": own.bootstrap, "log_level": 0})
    with pytest.raises(KafkaException):
        client.list_topics(timeout=1)
    own.resume()
    assert client.list_topics(timeout=10).brokers


def test_a_start_that_fails_shows_the_end_of_the_log(tmp_path: Path, jars: Path) -> None:
    """Kafka says why only there: here its data belongs to another node."""
    kafka = Kafka(base=tmp_path, port=21_001, controller_port=21_002, jars=jars, java=java.find())
    data = tmp_path / "kafka" / "data"
    data.mkdir(parents=True)
    (data / "meta.properties").write_text("version=1\ncluster.id=AAAAAAAAAAAAAAAAAAAAAA\nnode.id=2\n")
    with pytest.raises(DependencyAway, match=r"Kafka ended while it was starting; .*kafka\.log") as away:
        kafka.start()
    assert "node" in away.value.message.partition("kafka.log:")[2]
    assert away.value.exit_code == 69


def test_a_format_that_fails_shows_what_it_said(tmp_path: Path, jars: Path) -> None:
    kafka = Kafka(base=tmp_path, port=21_001, controller_port=21_002, jars=jars, java=java.find())
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "data").write_text("a file where the folder should be")
    with pytest.raises(DependencyAway, match="could not format its storage") as away:
        kafka.start()
    assert "log directories" in away.value.message.partition("kafka.log:")[2]


def test_a_broker_that_is_not_running_cannot_be_paused(tmp_path: Path, jars: Path) -> None:
    kafka = Kafka(base=tmp_path, port=21_001, controller_port=21_002, jars=jars, java=java.find())
    kafka.stop()
    with pytest.raises(DependencyAway, match="is not running"):
        kafka.pause()


def test_the_throughput_profile_has_room_and_the_full_compiler(tmp_path: Path, jars: Path) -> None:
    kafka = Kafka(base=tmp_path, port=1, controller_port=2, jars=jars, java=Path("java"), profile="throughput")
    (tmp_path / "kafka" / "data").mkdir(parents=True)
    (tmp_path / "kafka" / "data" / "meta.properties").touch()
    command = kafka.prepare()
    assert {"-Xmx1g", "-XX:+UseG1GC"} < set(command)
    assert not any("TieredStopAtLevel" in flag for flag in command)
