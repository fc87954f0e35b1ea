"""Between clients and a broker of the test's own: it knows Kafka's frames, and holds or cuts the one that is due."""

import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fraudstream.local.kafka import Kafka
from fraudstream.local.ports import HOST, pick
from fraudstream.local.running import Servers, find_kafka, local_redis, started

END_TXN = 26
"""The commit, on the wire."""
How = Literal["cut the reply", "hold the reply", "hold the request"]


@dataclass
class Fault:
    """Strikes once: the next commit on any connection."""

    how: How
    struck: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    taken: bool = False


class Proxy:
    """Forwards whole frames. Of one connection everything after a held frame waits too, as on a stalled line."""

    def __init__(self, port: int, broker: int) -> None:
        self.port, self._broker = port, broker
        self._fault: Fault | None = None
        self._lock = threading.Lock()
        self._lines: list[socket.socket] = []
        self._server = socket.create_server((HOST, port), backlog=64)
        threading.Thread(target=self._listen, name="proxy", daemon=True).start()

    def strike(self, how: How) -> Fault:
        self._fault = Fault(how)
        return self._fault

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for line in self._lines:
            _end(line)

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
                broker = socket.create_connection((HOST, self._broker))
            except OSError:
                if self._server.fileno() < 0:
                    return
                continue
            self._lines += [client, broker]
            marked: dict[int, Fault] = {}
            for pump in (self._requests, self._replies):
                threading.Thread(target=pump, args=(client, broker, marked), daemon=True).start()

    def _requests(self, client: socket.socket, broker: socket.socket, marked: dict[int, Fault]) -> None:
        def pass_on(frame: bytes) -> None:
            if int.from_bytes(frame[:2], "big") == END_TXN and (fault := self._due()):
                if fault.how == "hold the request":
                    fault.struck.set()
                    fault.released.wait()
                else:
                    marked[int.from_bytes(frame[4:8], "big")] = fault
            _send(broker, frame)

        _pump(client, pass_on, (client, broker))

    def _replies(self, client: socket.socket, broker: socket.socket, marked: dict[int, Fault]) -> None:
        def pass_on(frame: bytes) -> None:
            fault = marked.pop(int.from_bytes(frame[:4], "big"), None)
            if fault:
                fault.struck.set()
                if fault.how == "cut the reply":
                    raise ConnectionResetError
                fault.released.wait()
            _send(client, frame)

        _pump(broker, pass_on, (client, broker))

    def _due(self) -> Fault | None:
        with self._lock:
            fault, self._fault = self._fault, None
            return fault


def _pump(source: socket.socket, pass_on: Callable[[bytes], None], both: tuple[socket.socket, socket.socket]) -> None:
    with suppress(OSError):
        while frame := _frame(source):
            pass_on(frame)
    for line in both:
        _end(line)


def _frame(source: socket.socket) -> bytes:
    size = _exactly(source, 4)
    return _exactly(source, int.from_bytes(size, "big")) if size else b""


def _exactly(source: socket.socket, size: int) -> bytes:
    """Empty at the end."""
    found = bytearray()
    while len(found) < size:
        more = source.recv(min(size - len(found), 1 << 20))
        if not more:
            return b""
        found += more
    return bytes(found)


def _send(target: socket.socket, frame: bytes) -> None:
    target.sendall(len(frame).to_bytes(4, "big") + frame)


def _end(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()


@dataclass(slots=True, kw_only=True)
class Behind(Kafka):
    """A broker that tells its clients to come through a proxy."""

    through: int

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.through}"

    def prepare(self) -> list[str]:
        command = Kafka.prepare(self)
        own, told = (f"advertised.listeners=CLIENTS://{HOST}:{port}" for port in (self.port, self.through))
        self.settings.write_text(self.settings.read_text().replace(own, told))
        return command


@contextmanager
def behind_a_proxy(folder: Path) -> Iterator[tuple[Servers, Proxy]]:
    """As `running`, but whoever connects passes the proxy."""
    found, redis = find_kafka(folder, *_ports()), local_redis(folder)
    through = pick(random.Random(), taken={found.port, found.controller_port, redis.port})
    numbers = {"port": found.port, "controller_port": found.controller_port, "through": through}
    kafka = Behind(base=found.base, jars=found.jars, java=found.java, **numbers)
    proxy = Proxy(through, kafka.port)
    try:
        with started(redis, kafka):
            yield Servers(kafka, redis), proxy
    finally:
        proxy.close()


def _ports() -> tuple[int, int]:
    chance = random.Random()
    first = pick(chance)
    return first, pick(chance, taken={first})
