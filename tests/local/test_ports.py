import random
import socket
from collections.abc import Iterator

import pytest

from fraudstream.local.ports import HOST, claim, is_free, pick
from schemas.errors import DependencyAway, Usage

EPHEMERAL = 32768


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server((HOST, pick(random.Random(7)))) as server:
        yield server.getsockname()[1]


def test_picked_ports_are_below_the_ephemeral_range() -> None:
    """No outgoing connection can take a picked port before its server does."""
    rng = random.Random(1)
    assert all(1024 < pick(rng) < EPHEMERAL for _ in range(50))


def test_a_listening_port_is_not_free(listening: int) -> None:
    assert not is_free(listening)


def test_a_port_bound_but_not_listened_on_is_not_free() -> None:
    """A program may have it without answering yet."""
    with socket.socket() as other:
        other.bind((HOST, pick(random.Random(8))))
        assert not is_free(other.getsockname()[1])


def test_a_port_is_free_as_soon_as_its_server_has_ended() -> None:
    """Connections that linger after a server's end do not keep it from coming back on the same port."""
    with socket.create_server((HOST, pick(random.Random(9)))) as server:
        port = server.getsockname()[1]
        with socket.create_connection((HOST, port)):
            accepted, _ = server.accept()
            accepted.close()
    assert is_free(port)


def test_a_wanted_port_that_is_taken_is_refused_by_its_option(listening: int) -> None:
    with pytest.raises(Usage, match=f"port {listening} .* taken") as refused:
        claim(listening, random.Random(1), option="--kafka-port")
    assert "--kafka-port" in refused.value.fix


def test_the_first_free_preferred_port_is_claimed(listening: int) -> None:
    free = pick(random.Random(2))
    assert claim(None, random.Random(1), option="--kafka-port", preferred=[listening, free]) == free


def test_any_free_port_is_claimed_when_no_preferred_one_is_free(listening: int) -> None:
    assert claim(None, random.Random(1), option="--kafka-port", preferred=[listening]) != listening


def test_a_port_given_to_the_other_server_is_not_given_twice() -> None:
    free = pick(random.Random(3))
    assert claim(None, random.Random(1), option="--redis-port", preferred=[free], taken={free}) != free
    with pytest.raises(Usage):
        claim(free, random.Random(1), option="--redis-port", taken={free})


def test_no_free_port_at_all_is_said() -> None:
    with pytest.raises(DependencyAway, match="no free port"):
        pick(random.Random(1), taken=range(65536))
