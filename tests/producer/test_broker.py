import pytest
from confluent_kafka import KafkaError

from fraudstream.local.running import Servers
from producer.broker import Broker
from producer.publish import Publisher
from schemas.errors import DependencyAway, Misconfigured
from schemas.settings import load


def test_a_name_nobody_knows() -> None:
    """A misspelt broker is a matter of configuration: waiting would not help."""
    settings = load({"kafka.bootstrap": "no-such-host.invalid:9092"}, env={})
    with pytest.raises(Misconfigured, match=r"no-such-host\.invalid:9092 does not answer") as caught:
        Publisher(settings, "transactions", patience=3.0).require_topic()
    assert "kafka.bootstrap" in caught.value.fix


def test_a_broker_that_does_not_speak_tls(services: Servers) -> None:
    """The wrong security protocol is named as the cause, not a time-out."""
    settings = load({"kafka.bootstrap": services.bootstrap, "kafka.properties.security.protocol": "ssl"}, env={})
    with pytest.raises(DependencyAway, match=r"SSL (handshake failed|connection closed)") as caught:
        Publisher(settings, "transactions", patience=3.0).require_topic()
    assert "TLS" in caught.value.fix


def test_the_most_telling_error_is_remembered() -> None:
    """That all brokers are down says less than why, in whichever order the two come."""
    why = KafkaError(KafkaError._AUTHENTICATION, "wrong password")
    down = KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down")
    for order in ((why, down), (down, why)):
        broker = Broker("host:1")
        for error in order:
            broker.heard(error)
        assert str(broker.away("it does not answer")).startswith("it does not answer: wrong password")
        assert (broker.went_away(), broker.went_away()) == (True, False)


def test_nothing_heard() -> None:
    """Without any error the message stands alone and the fix is to look for the broker."""
    away = Broker("host:1").away("it does not answer")
    assert isinstance(away, DependencyAway)
    assert away.message == "it does not answer"
    assert "--bootstrap" in away.fix
