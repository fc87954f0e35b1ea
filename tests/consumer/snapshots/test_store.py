"""Where snapshots are: whole or not at all, newest first, on any kind of store."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from support.snapshots import NOW_MS, expected, put, taken

from consumer.snapshots.file import made
from consumer.snapshots.names import Name
from consumer.snapshots.restore import newest
from consumer.snapshots.retention import whole
from consumer.snapshots.store import Store
from models.cards import Terms
from models.cards.extract import Arrays
from schemas.errors import Misconfigured

SUPPORT = Path(__file__).parents[2]
WRITE = """
import os, resource, signal, sys
from support.snapshots import TERMS, book, log, put, taken
from consumer.snapshots.store import Store
how, url = sys.argv[1:]
arrays = book(log()).to_arrays(1)
if how == "full":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))
else:
    name = {"write": "writelines", "sync": "fsync", "rename": "replace", "after": "sync"}[how]
    from models.artefact import durable
    die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    if how == "write":
        real = durable._write
        durable._write = lambda path, *pieces: (path.write_bytes(b"".join(map(bytes, pieces))[:5_000]), die())
    elif how == "sync":
        os.fsync = die
    elif how == "rename":
        durable.Path.replace = die
    else:
        durable.sync = die
put(Store(url, "fraudstream", "transactions"), taken(offset=200), arrays)
"""


def run(how: str, store: Store) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WRITE, how, store.url],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(SUPPORT), str(SUPPORT.parent)])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def offsets(store: Store, partition: int | None = None) -> list[int]:
    return [stored.name.offset for stored in store.snapshots(partition)]


def test_what_is_put_is_there(any_store: Store, arrays: Arrays) -> None:
    """By partition and the newest first, with its size; taken away again, it is not."""
    assert list(any_store.snapshots()) == []
    names = [put(any_store, taken(partition, offset), arrays) for partition in (2, 1) for offset in (9, 100, 10)]
    assert [(each.name.partition, each.name.offset) for each in any_store.snapshots()] == [
        *((1, 100), (1, 10), (1, 9)),
        *((2, 100), (2, 10), (2, 9)),
    ]
    assert offsets(any_store, 2) == [100, 10, 9]
    assert offsets(any_store, 0) == []
    size = sum(map(len, made(taken(2, 9), arrays, NOW_MS)[1]))
    with any_store.open(names[0]) as (source, told):
        assert (told, source.readinto(bytearray(8))) == (size, 8)
    assert {stored.size for stored in any_store.snapshots() if stored.name == names[0]} == {size}
    any_store.remove(names[0])
    assert offsets(any_store, 2) == [100, 10]


def test_writing_twice_leaves_one(any_store: Store, arrays: Arrays) -> None:
    """Two workers that took the same partition at the same offset have taken the same state."""
    name = put(any_store, taken(), arrays)
    assert put(any_store, taken(), arrays) == name
    assert offsets(any_store) == [100]
    assert whole(any_store, name)


def test_what_is_no_snapshot_is_not_seen(store: Store, arrays: Arrays) -> None:
    """Files of other programs, hidden halves, other groups and other topics."""
    put(store, taken(), arrays)
    folder = next(Path(store.url).rglob("*.snapshot")).parent
    for name in ("notes.txt", ".part-abc", "1-2-3.snapshot", f"{Name.of(taken())!s}".rsplit("/", 1)[1] + "~"):
        (folder / name).write_bytes(b"x")
    for group, topic in (("other", "transactions"), ("fraudstream", "other"), ("..", "..")):
        put(Store(store.url, group, topic), taken(offset=7), arrays)
    assert offsets(store) == [100]
    outside = [path for path in Path(store.url).parent.rglob("*.snapshot") if Path(store.url) not in path.parents]
    assert outside == []


def test_names_sort_as_snapshots_do() -> None:
    """And can be read back, up to the last offset there can be."""
    names = [Name.of(taken(partition, offset)) for partition in (2, 10, 9_999) for offset in (0, 9, 10, 2**63 - 1)]
    assert [Name.parse(str(name)) for name in names] == names
    assert sorted(map(str, names)) == list(map(str, sorted(names)))


@pytest.mark.parametrize("how", ["write", "sync", "rename"])
def test_a_crash_leaves_the_older_one(how: str, store: Store, arrays: Arrays) -> None:
    """Whichever step of writing it strikes; the half that is left is swept away when it is old."""
    put(store, taken(), arrays)
    assert run(how, store).returncode == -signal.SIGKILL
    assert offsets(store) == [100]
    found = newest(store, expected(), Terms())
    assert found is not None
    assert found.header.offset == 100
    halves = list(Path(store.url).rglob(".part-*"))
    assert len(halves) == 1
    store.sweep(1)
    assert halves[0].exists()
    store.sweep(1, lambda: halves[0].stat().st_mtime + 4_000)
    assert not halves[0].exists()


def test_a_crash_at_the_very_end_leaves_both(store: Store, arrays: Arrays) -> None:
    """It has its name by then, and all of its bytes."""
    put(store, taken(), arrays)
    assert run("after", store).returncode == -signal.SIGKILL
    assert offsets(store) == [200, 100]
    assert all(whole(store, stored.name) for stored in store.snapshots())


def test_a_full_disk_leaves_the_older_one(store: Store, arrays: Arrays) -> None:
    """And nothing else: the room is free again."""
    put(store, taken(), arrays)
    done = run("full", store)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert offsets(store) == [100]
    assert list(Path(store.url).rglob(".part-*")) == []


class Failing:
    """An upload that ends before it is done."""

    def __init__(self, system: Any) -> None:
        self._system = system

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)

    def open_output_stream(self, path: str) -> Any:
        return Cut(self._system.open_output_stream(path))


class Cut:
    def __init__(self, stream: Any) -> None:
        self._stream, self._left = stream, 2

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def write(self, piece: bytes) -> None:
        self._left -= 1
        if self._left < 0:
            raise OSError("connection reset")
        self._stream.write(piece)


def test_an_upload_that_is_cut_leaves_nothing(any_store: Store, arrays: Arrays) -> None:
    """Even where the store makes an object of what it has received."""
    put(any_store, taken(), arrays)
    system, root = any_store._root()
    base = root.removesuffix("/group=fraudstream/topic=transactions")
    cut = Store("s3://bucket/state", "fraudstream", "transactions", lambda _: (Failing(system), base))
    with pytest.raises(OSError, match="connection reset"):
        put(cut, taken(offset=200), arrays)
    assert offsets(any_store) == [100]


def test_two_workers_write_at_once(any_store: Store, arrays: Arrays) -> None:
    """Each its partitions: all of it is whole."""

    def write(partition: int) -> None:
        for offset in range(10):
            put(any_store, taken(partition, offset), arrays)

    threads = [threading.Thread(target=write, args=(partition,)) for partition in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [offsets(any_store, partition) for partition in (0, 1)] == [[*range(9, -1, -1)]] * 2
    assert all(whole(any_store, stored.name) for stored in any_store.snapshots())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_a_folder_may_be_of_the_user(home: Path, arrays: Arrays) -> None:
    """As the default is."""
    put(Store("~/state", "g", "t"), taken(), arrays)
    assert len(list((home / "state").rglob("*.snapshot"))) == 1


@pytest.mark.parametrize("url", ["nothing://x/y", "file://relative"])
def test_an_address_of_nothing_is_refused(url: str) -> None:
    """When it is used first, with the setting's name."""
    with pytest.raises(Misconfigured, match=r"state\.url"):
        Store(url, "g", "t").snapshots()


def test_no_key_is_ever_shown() -> None:
    """Neither in logs nor in what commands say."""
    store = Store("s3://id:geheim@bucket/state", "g", "t")
    assert "geheim" not in str(store) + store.url
