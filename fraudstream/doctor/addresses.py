"""Can this machine open a connection to a host and port, and if not, why, in plain words."""

import socket
import time
from collections.abc import Iterable
from threading import Thread
from typing import Final, NamedTuple

from schemas.settings.kafka import BROKER

CONNECT_S: Final = 2.0
KAFKA_PORT: Final = 9092


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Unreachable(NamedTuple):
    """`unknown`: the name means nothing on this machine, so trying again will not help."""

    why: str
    unknown: bool = False


def brokers(bootstrap: str) -> list[Address]:
    """The addresses in `kafka.bootstrap`, which the settings have checked."""
    found = [BROKER.fullmatch(each.strip()) for each in bootstrap.split(",")]
    return [Address(each[2].strip("[]"), int(each["port"] or KAFKA_PORT)) for each in found if each]


def tried(addresses: Iterable[Address], seconds: float = CONNECT_S) -> dict[Address, Unreachable | None]:
    """All at once; a look-up of a name knows no time limit of its own, so it is not waited for longer."""
    answers: dict[Address, Unreachable | None] = {
        each: Unreachable("its name could not be looked up") for each in addresses
    }

    def ask(address: Address) -> None:
        answers[address] = unreachable(address, seconds)

    threads = [Thread(target=ask, args=[each], daemon=True) for each in answers]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 2 * seconds
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))
    return dict(answers)


def unreachable(address: Address, seconds: float = CONNECT_S) -> Unreachable | None:
    """None when something accepts the connection."""
    try:
        with socket.create_connection(address, seconds):
            return None
    except (socket.gaierror, UnicodeError):
        return Unreachable("this machine does not know that name", unknown=True)
    except TimeoutError:
        return Unreachable(f"no answer within {seconds:g} s, as behind a firewall")
    except ConnectionRefusedError:
        return Unreachable("nothing listens there")
    except OSError as error:
        return Unreachable(error.strerror or str(error))
