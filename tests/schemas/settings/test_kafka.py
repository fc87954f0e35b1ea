"""The configuration handed to a Kafka client, and what may not be smuggled into it."""

import pytest
from confluent_kafka import Consumer, Producer

from schemas.errors import Misconfigured
from schemas.settings import load
from schemas.settings.kafka import OWNED, Value


def test_pass_through_wins_over_the_products_own_choice() -> None:
    """A client's configuration is the address, then what the product wants, then what the operator insists on."""
    kafka = load({"kafka.bootstrap": "a:1,b:2", "kafka.properties.linger.ms": "7"}, env={}).kafka
    wanted: dict[str, Value] = {"linger.ms": 0, "acks": "all"}
    assert kafka.client(**wanted) == {
        "bootstrap.servers": "a:1,b:2",
        "linger.ms": "7",
        "acks": "all",
    }


def test_librdkafka_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values from any source are in the form the client wants, booleans and numbers included."""
    properties = '{"log_level": 3, "socket.keepalive.enable": true, "retry.backoff.ms": 5, "ssl.ca.location": "probe"}'
    kafka = load({"kafka.properties": properties, "kafka.partitioner": "crc32"}, env={}).kafka
    Producer(kafka.client(partitioner=kafka.producer_partitioner)).flush(0)
    Consumer(kafka.client(**{"group.id": "any"})).close()


@pytest.mark.parametrize(("partitioner", "word"), [("murmur2", "murmur2_random"), ("crc32", "consistent_random")])
def test_the_partitioner_is_one_librdkafka_knows(partitioner: str, word: str) -> None:
    """Both words are accepted by a real producer."""
    kafka = load({"kafka.partitioner": partitioner}, env={}).kafka
    assert kafka.producer_partitioner == word
    Producer(kafka.client(partitioner=word)).flush(0)


@pytest.mark.parametrize("name", OWNED)
def test_what_the_product_decides_cannot_be_passed_through(name: str) -> None:
    """Each refusal says what decides it instead."""
    with pytest.raises(Misconfigured) as caught:
        load({f"kafka.properties.{name}": "x"}, env={})
    expected = f"kafka.properties.{name} (command line): cannot be passed through: {OWNED[name]}"
    assert (caught.value.exit_code, caught.value.message) == (78, expected)


def test_a_refused_property_is_refused_in_any_case_and_from_any_source() -> None:
    """Spelling it in capitals or in JSON does not help."""
    with pytest.raises(Misconfigured, match=r"ISOLATION\.LEVEL .*read_committed"):
        load({"kafka.properties.ISOLATION.LEVEL": "read_uncommitted"}, env={})
    with pytest.raises(Misconfigured, match="environment FRAUDSTREAM_KAFKA_PROPERTIES"):
        load(env={"FRAUDSTREAM_KAFKA_PROPERTIES": '{"isolation.level": "read_uncommitted"}'})


def test_the_settings_named_instead_exist() -> None:
    """A refusal must not send anyone to a setting that is not there."""
    settings = load(env={})
    for reason in OWNED.values():
        for word in reason.replace(",", " ").split():
            group, dot, field = word.partition(".")
            if dot:
                assert hasattr(getattr(settings, group), field), reason


@pytest.mark.parametrize(
    "text", ["a", "a:1", "a:1,b:2", "a:1, b:2", "SSL://a.b-c:9092", "[::1]:9092", "127.0.0.1:65535"]
)
def test_broker_addresses_are_host_and_port(text: str) -> None:
    """Whatever form librdkafka takes is taken."""
    assert load({"kafka.bootstrap": text}, env={}).kafka.bootstrap == text


@pytest.mark.parametrize(
    "text", ["", "a:", "a:0", "a:65536", "a:x", "a:1,", ",", "a b:1", "me:pw@a:1", "http://a:1/x", "::1"]
)
def test_what_is_no_broker_address_is_refused(text: str) -> None:
    """A wrong address would otherwise show as a broker that never answers."""
    with pytest.raises(Misconfigured, match="should be host:port"):
        load({"kafka.bootstrap": text}, env={})
