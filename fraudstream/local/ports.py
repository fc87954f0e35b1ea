"""Ports on 127.0.0.1 that a server can have: each one is listened on once before it is handed out.

Ports are picked below the ephemeral range: there an outgoing connection may take one between our test and the
server's start, and the server then dies with little to say.
"""

import random
import socket
from collections.abc import Iterable
from typing import NamedTuple

from schemas.errors import DependencyAway, Usage

HOST = "127.0.0.1"
LOWEST, HIGHEST = 20_000, 32_700
_TRIES = 200


class Ports(NamedTuple):
    kafka: int
    controller: int
    redis: int


def accepts(port: int) -> bool:
    """True when something answers there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def is_free(port: int) -> bool:
    """True when nothing answers on the port and it can be listened on now."""
    if accepts(port):
        return False
    with socket.socket() as server:
        # Without it, connections of a server that has just ended would hold its port for a minute.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((HOST, port))
            server.listen(1)
        except OSError:
            return False
    return True


def pick(rng: random.Random, *, taken: Iterable[int] = ()) -> int:
    """A free port that is not one of `taken`."""
    for _ in range(_TRIES):
        port = rng.randint(LOWEST, HIGHEST)
        if port not in taken and is_free(port):
            return port
    raise DependencyAway(
        f"no free port found on {HOST} between {LOWEST} and {HIGHEST} in {_TRIES} tries",
        fix="end the programs that hold them, or name a port yourself",
    )


def claim(
    wanted: int | None, rng: random.Random, *, option: str, preferred: Iterable[int] = (), taken: Iterable[int] = ()
) -> int:
    """The wanted port, or an error that names `option`; without a wish the first free of `preferred`, else any."""
    if wanted is not None:
        if wanted in taken or not is_free(wanted):
            raise Usage(
                f"port {wanted} on {HOST} is taken, or this user may not listen on it",
                fix=f"name another port with {option}, or leave {option} out and a free one is picked",
            )
        return wanted
    for port in preferred:
        if port not in taken and is_free(port):
            return port
    return pick(rng, taken=taken)
