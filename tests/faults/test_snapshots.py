"""Snapshots that cannot be written, go away or are damaged: scoring goes on, and what is remembered is right."""

import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.handshake import until
from support.scene import Scene, scene

from fraudstream.local.running import Servers

BURST = 3_000
ROOM = 16_384
"""Bytes that a file may still have: the log of a worker that says little fits, no snapshot does."""


@pytest.fixture
def on(services: Servers, tmp_path: Path) -> Iterator[Scene]:
    with scene(services, tmp_path) as set_up:
        yield set_up


def folder(on: Scene) -> Path:
    return Path(on.deployment.settings.state.url.get_secret_value())


def snapshots(on: Scene) -> set[Path]:
    return {each for each in folder(on).rglob("*") if each.is_file() and not each.name.startswith(".")}


def newest(on: Scene) -> list[Path]:
    """Of each partition."""
    by_partition: dict[Path, list[Path]] = {}
    for each in snapshots(on):
        by_partition.setdefault(each.parent, []).append(each)
    return [max(each, key=lambda path: path.stat().st_mtime_ns) for each in by_partition.values()]


def limit(worker: subprocess.Popen[bytes], size: int) -> None:
    _, most = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (size, most))


def answered(on: Scene) -> None:
    on.load.burst(BURST)
    on.answered()


def until_written(on: Scene) -> None:
    """Something is scored until there is a snapshot that was not there before."""
    before = snapshots(on)

    def newer() -> bool:
        on.load.burst(60)
        on.answered()
        return bool(snapshots(on) - before)

    until(newer, "no snapshot was written")


def test_a_disk_that_is_full(on: Scene) -> None:
    """Scoring goes on and says so; when there is room again snapshots are written, and a successor begins with one."""
    worker = on.slot(log_level="warning")
    answered(on)
    until_written(on)
    limit(worker, ROOM)
    answered(on)
    until(lambda: on.count("snapshot.failed") > 0, "no snapshot failed")
    assert {"File too large"} <= {each["error"].rpartition("] ")[2].partition(":")[0] for each in failures(on)}
    limit(worker, resource.RLIM_INFINITY)
    until_written(on)
    worker.kill()
    worker.wait()
    on.slot()
    answered(on)
    on.clean()
    assert "snapshot" in sources(on)


def test_a_folder_that_goes_and_comes_back(on: Scene) -> None:
    """A worker that starts meanwhile folds the log; when the folder is back there are snapshots again."""
    worker = on.slot()
    answered(on)
    until_written(on)
    away = folder(on).with_name("away")
    folder(on).rename(away)
    folder(on).write_text("no folder")
    answered(on)
    until(lambda: bool(failures(on)), "no snapshot failed")
    worker.kill()
    worker.wait()
    worker = on.slot()
    answered(on)
    assert set(sources(on)[-6:]) == {"log"}
    folder(on).unlink()
    away.rename(folder(on))
    until_written(on)
    worker.kill()
    worker.wait()
    on.slot()
    answered(on)
    on.clean()
    assert "snapshot" in sources(on)[-6:]


@pytest.mark.parametrize("how", ["turned", "cut", "all gone"])
def test_snapshots_that_are_damaged_between_two_starts(on: Scene, how: str) -> None:
    """What is damaged is not believed, and said; an older one or the log stands in, to the same bits."""
    worker = on.slot()
    answered(on)
    until_written(on)
    worker.kill()
    worker.wait()
    damaged = newest(on)
    for each in damaged:
        found = bytearray(each.read_bytes())
        found[len(found) * 2 // 3] ^= 1
        each.write_bytes(found if how == "turned" else found[: len(found) // 2])
    if how == "all gone":
        shutil.rmtree(folder(on))
    on.slot()
    answered(on)
    on.clean()
    ignored = {each["reason"] for each in on.deployment.events() if each["event"] == "snapshot.ignored"}
    assert damaged
    assert (how == "all gone") == (not ignored), ignored


def failures(on: Scene) -> list[dict[str, str]]:
    return [each for each in on.deployment.events() if each["event"] == "snapshot.failed"]


def sources(on: Scene) -> list[str]:
    return [each["from"] for each in on.deployment.events() if each["event"] == "state.restored"]
