"""Asks one HTTP server, over connections that are kept, and tells how it answered: a line of JSON.

    python bench/load.py URL --body FILE --connections 8 --seconds 5            each connection asks again at once
    python bench/load.py URL --body FILE --connections 512 --rate 4000 ...      requests fall due whatever comes back

A process of its own, so that it does not share an interpreter with what it measures. With a rate, latencies count from
when a request was due; one for which no connection becomes free soon is not asked, as with any client whose connections
are bounded, and counts as not answered.
"""  # noqa: INP001 - run, never imported

import argparse
import asyncio
import json
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

END_OF_HEADERS: Final = b"\r\n\r\n"


@dataclass(slots=True)
class Tally:
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    """Of answers with 200."""
    finished: list[float] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One request at a time; `done` hears of the status, or of 0 where the connection broke."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._buffer = bytearray()
        self._due = 0.0
        self._busy = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._load.free_again(self)

    def ask(self, due: float) -> None:
        assert self._transport is not None  # noqa: S101 - it asks once it is connected
        self._due, self._busy = due, True
        self._transport.write(self._load.request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(END_OF_HEADERS)
        if head < 0:
            return
        lower = bytes(self._buffer[:head]).lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < head + 4 + length:
            return
        status = self._buffer[9:12].decode()
        del self._buffer[: head + 4 + length]
        self._busy = False
        self._load.answered(status, self._due)
        if b"connection: close" not in lower:
            self._load.free_again(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the library's
        if self._busy:
            self._load.answered("broken", self._due)
        self._load.lost()


class Load:
    def __init__(self, url: str, body: bytes, kind: str, rate: float | None, patience: float) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        head = f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-type: {kind}\r\n"
        self.request = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
        self.tally, self.rate, self.patience = Tally(), rate, patience
        self.free: deque[Connection] = deque()
        self.due: deque[float] = deque()
        self.going = False
        self.opening: set[asyncio.Task[object]] = set()

    def free_again(self, connection: Connection) -> None:
        now = time.perf_counter()
        if not self.going:
            self.free.append(connection)
        elif self.rate is None:
            connection.ask(now)
        else:
            self._shed(now)
            if self.due:
                connection.ask(self.due.popleft())
            else:
                self.free.append(connection)

    def answered(self, status: str, due: float) -> None:
        now = time.perf_counter()
        if not self.going:
            return
        self.tally.statuses[status] += 1
        if status == "200":
            self.tally.seconds.append(now - due)
            self.tally.finished.append(now)

    def lost(self) -> None:
        if self.going:
            task = asyncio.ensure_future(self.open(1))
            self.opening.add(task)
            task.add_done_callback(self.opening.discard)

    async def open(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            try:
                await loop.create_connection(lambda: Connection(self), self.host, self.port)
            except OSError:
                self.tally.statuses["refused"] += 1

    async def run(self, connections: int, seconds: float) -> float:
        await self.open(connections)
        began = time.perf_counter()
        self.going = True
        if self.rate is None:
            for each in list(self.free):
                each.ask(time.perf_counter())
            await asyncio.sleep(seconds)
        else:
            await self._fall_due(began, seconds)
        took = time.perf_counter() - began
        self.going = False
        return took

    async def _fall_due(self, began: float, seconds: float) -> None:
        assert self.rate  # noqa: S101 - of the caller
        sent = 0
        while (now := time.perf_counter()) < began + seconds:
            wanted = int((now - began) * self.rate) + 1
            for number in range(sent, wanted):
                self.due.append(began + number / self.rate)
            sent = wanted
            while self.due and self.free:
                self.free.popleft().ask(self.due.popleft())
            self._shed(now)
            await asyncio.sleep(0.001)
        self.tally.statuses["not asked"] += len(self.due)

    def _shed(self, now: float) -> None:
        while self.due and now - self.due[0] > self.patience:
            self.due.popleft()
            self.tally.statuses["not asked"] += 1


def quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--body", type=Path, required=True)
    parser.add_argument("--kind", default="application/json")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--within", type=float, default=1.0, help="seconds in which an answer is of use")
    parser.add_argument("--patience", type=float, default=0.1, help="seconds in which a connection must become free")
    given = parser.parse_args()
    load = Load(given.url, given.body.read_bytes(), given.kind, given.rate, given.patience)
    took = asyncio.run(load.run(given.connections, given.seconds))
    seconds = sorted(load.tally.seconds)
    good = sum(each <= given.within for each in seconds)
    said = {
        "seconds": took,
        "statuses": dict(load.tally.statuses),
        "per_second": len(seconds) / took,
        "good_per_second": good / took,
        "p50_ms": 1000 * quantile(seconds, 0.5),
        "p99_ms": 1000 * quantile(seconds, 0.99),
        "most_ms": 1000 * (seconds[-1] if seconds else float("nan")),
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
