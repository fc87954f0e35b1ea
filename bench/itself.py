"""What no peer is held against: microseconds in memory, restoring, folding a gap, a large backlog, the first flag."""  # noqa: INP001

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from confluent_kafka import Producer, TopicPartition

from bench.features import DAYS, MEASURED_DAYS, filled, log, measure
from bench.ground import FOR_EVER, PARTITIONS, PATIENCE_S, Ground, make_topics, positions, started
from bench.material import DAY_MS, event_id
from bench.peers.roster import PEERS, Peer, Place
from bench.state import TAKEN, book_of, past, restored
from bench.watching import family, peak_mib
from consumer.snapshots.file import made
from consumer.snapshots.names import Name
from consumer.snapshots.store import Store
from schemas.contracts import TRANSACTION
from schemas.encoding import encoder
from schemas.framing import Framing

STAGES: Final = Path(__file__).parent / "stages.py"
LOT: Final = 1_000
CARDS: Final = 1_000_000
ENTRIES: Final = 15
WINDOW_CARDS, WINDOW_ENTRIES = 20_000, 45
BACKLOG: Final = 2_000_000
LOOK_S: Final = 0.01
STUCK_S: Final = 300.0
START_MS: Final = 1_767_225_600_000
Figures = dict[str, float]


def in_memory() -> Figures:
    """Microseconds per event of each stage at lots of 1,000, in a process of its own."""
    said = subprocess.run([sys.executable, STAGES, "--rows", str(LOT), "--json"], stdout=subprocess.PIPE, check=True)  # noqa: S603
    found: dict[str, Any] = json.loads(said.stdout)["microseconds_per_event"]
    return {f"{name} us": each for name, each in found[str(LOT)].items()}


def windows() -> Figures:
    """All that a card remembers, and what of it a card costs, at 45 entries each."""
    rows = log(WINDOW_CARDS, WINDOW_ENTRIES, bare=False)
    measured = rows.num_rows * MEASURED_DAYS // DAYS
    book = filled(rows.slice(0, rows.num_rows - measured))
    spent = measure(book, rows.slice(rows.num_rows - measured, 40 * LOT), LOT)
    return {"card book us": spent["card book"] * 1e6, "bytes per card": book.nbytes / len(book)}


def restoring() -> Figures:
    """A million cards in a snapshot: found, read, checked, and inserted into a new book."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        store = Store(folder, "bench", "transactions")
        store.write(Name.of(TAKEN), made(TAKEN, past(CARDS, ENTRIES, bare=False), START_MS)[1])
        begun = time.perf_counter()
        book = book_of(restored(store).arrays)
        return {"restore s": time.perf_counter() - begun, "restored cards": len(book)}


def first_flag(ground: Ground, topic: str) -> Figures:
    """From the start of `fraudstream score` on a topic that is full until a reader has a flag; caches are warm."""
    peer, at = _peer("product-flags-1"), _place(ground, topic)
    make_topics(ground, peer, at)
    try:
        with closing(ground.reader()) as reader:
            reader.assign([TopicPartition(at.out, each, 0) for each in range(PARTITIONS)])
            with started(peer, at) as process:
                begun = time.monotonic()
                _until(process, lambda: reader.poll(LOOK_S) is not None)
                return {"first flag s": time.monotonic() - begun}
    finally:
        ground.remove(at.group)


def backlog(ground: Ground, topic: str, events: int) -> Figures:
    """A worker that finds all of a topic waiting; then one that has lost its snapshots and folds the log again."""
    peer, at = _peer("product-flags-1"), _place(ground, topic)
    make_topics(ground, peer, at)
    client = ground.group(at.group)
    try:
        with started(peer, at) as process:
            begun = time.monotonic()
            _until(process, lambda: positions(client, topic) >= events)
            found = {"backlog s": time.monotonic() - begun, "backlog peak MiB": peak_mib(family(process.pid))}
        (at.folder / "state").rename(at.folder / "lost")
        ground.fill(topic, events, 1)
        with started(peer, at) as process:
            _until(process, lambda: positions(client, topic) > events)
            seconds = time.time() - _restored_at(at.folder / "log")
        return {**found, "gap per s": events / seconds, "bare consume per s": _consumed(ground, topic, events)}
    finally:
        client.close()
        ground.remove(at.group)


def million(ground: Ground, topic: str) -> Figures:
    """A backlog in which every one of a million cards pays twice."""
    ground.make(FOR_EVER, topic)
    client = Producer({"bootstrap.servers": ground.bootstrap, "enable.idempotence": True, "linger.ms": 20})
    for number, (key, value, at) in enumerate(_of_a_million()):
        while number % 5_000 == 0 and len(client) > 50_000:  # noqa: PLR2004
            client.poll(0.05)
        client.produce(topic, value, key, timestamp=at)
        client.poll(0)
    client.flush(PATIENCE_S)
    peer, at_ = _peer("product-flags-1"), _place(ground, topic)
    make_topics(ground, peer, at_)
    with closing(ground.group(at_.group)) as group, started(peer, at_) as process:
        begun = time.monotonic()
        _until(process, lambda: positions(group, topic) >= 2 * CARDS)
        found = {"million s": time.monotonic() - begun, "million peak MiB": peak_mib(family(process.pid))}
    ground.remove(at_.group, topic)
    return found


def _of_a_million() -> Iterator[tuple[bytes, bytes, int]]:
    """Key, value, event time; ids and cards take the places of those of one transaction."""
    row = {
        "event_id": event_id(0).decode(),
        "event_time": START_MS,
        "card_id": "card-00000000",
        "customer_id": "cust-0000001",
        "terminal_id": "term-000001",
        "amount_minor": 4_200,
        "currency": "EUR",
    }
    value = encoder(TRANSACTION, Framing.SINGLE_OBJECT, lambda _: 0)(row)
    begin, _, rest = value.partition(b"e0000000000")
    middle, _, end = rest.partition(b"card-00000000")
    for number in range(2 * CARDS):
        card = b"card-%08d" % (number * 7_919 % CARDS)
        yield card, b"%be%010d%b%b%b" % (begin, number, middle, card, end), START_MS + number * DAY_MS // (4 * CARDS)


def _consumed(ground: Ground, topic: str, events: int) -> float:
    """Records a second of a bare client, from the first on."""
    with closing(ground.reader()) as reader:
        reader.assign([TopicPartition(topic, each, 0) for each in range(PARTITIONS)])
        seen = len(reader.consume(500, PATIENCE_S))
        begun, first = time.monotonic(), seen
        while seen < events:
            seen += len(reader.consume(500, 1.0))
        return (seen - first) / (time.monotonic() - begun)


def _peer(name: str) -> Peer:
    return next(each for each in PEERS if each.name == name)


def _place(ground: Ground, topic: str) -> Place:
    run = f"i{time.monotonic_ns():x}"
    url = ground.servers.redis_url
    return Place(
        ground.bootstrap, url, topic, f"{run}-out", run, ground.folder / run, ground.material.folder, lot=20_000
    )


def _until(process: subprocess.Popen[bytes], holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STUCK_S
    while not holds():
        if process.poll() is not None or time.monotonic() > deadline:
            raise TimeoutError(f"the worker {'ended' if process.poll() is not None else 'stands still'}")
        time.sleep(LOOK_S)


def _restored_at(said: Path) -> float:
    """When it knew that it has to read the log."""
    lines = (json.loads(each) for each in said.read_text().splitlines() if each.startswith("{"))
    return min(
        datetime.fromisoformat(each["timestamp"]).timestamp() for each in lines if each["event"] == "state.restored"
    )


def figures(ground: Ground, topic: str) -> Iterator[tuple[str, Callable[[], Figures]]]:
    """Each kind by its name; `topic` is one that is full."""
    own = f"{topic}-backlog"

    def behind() -> Figures:
        ground.make(FOR_EVER, own)
        try:
            ground.fill(own, 0, BACKLOG)
            return backlog(ground, own, BACKLOG)
        finally:
            ground.remove(own)

    yield "in memory", in_memory
    yield "windows", windows
    yield "restoring", restoring
    yield "first flag", lambda: first_flag(ground, topic)
    yield "backlog", behind
    yield "a million cards", lambda: million(ground, f"{topic}-million")
