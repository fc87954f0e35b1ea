import shutil
import threading
from pathlib import Path

import pytest

from fraudstream.local.fetch import COORDINATES
from fraudstream.local.jars import class_path, read_digests, verify
from schemas.errors import DependencyAway

FIX = "the fix"
SOME_JAR = "kafka-raft-4.3.1.jar"


@pytest.fixture
def copied(jars: Path, tmp_path: Path) -> Path:
    """A folder of the same jars, to spoil."""
    folder = tmp_path / "copied"
    shutil.copytree(jars, folder)
    return folder


def flip_a_byte(jar: Path) -> None:
    content = bytearray(jar.read_bytes())
    content[len(content) // 2] ^= 1
    jar.write_bytes(content)


def never(folder: Path) -> None:
    pytest.fail(f"fetched into {folder}")


def test_the_committed_list_names_the_versions_that_are_fetched() -> None:
    """Raising a version without writing the list anew is noticed here, not on a user's machine."""
    for coordinate in COORDINATES:
        _, name, version = coordinate.split(":")
        assert f"{name}-{version}.jar" in read_digests()


def test_a_folder_of_the_right_jars_is_used_as_it_is(copied: Path, tmp_path: Path) -> None:
    assert class_path(copied, cache=tmp_path / "cache", fetch=never) == copied
    assert not (tmp_path / "cache").exists()


def test_a_jar_that_differs_in_one_bit_is_refused_by_name(copied: Path) -> None:
    flip_a_byte(copied / SOME_JAR)
    with pytest.raises(DependencyAway, match=f"{SOME_JAR} .*sha256 differs"):
        class_path(copied, cache=copied, fetch=never)


def test_a_missing_jar_is_refused_by_name(copied: Path) -> None:
    (copied / SOME_JAR).unlink()
    with pytest.raises(DependencyAway, match=f"{SOME_JAR} is missing"):
        class_path(copied, cache=copied, fetch=never)


def test_an_extra_jar_is_refused_by_name(copied: Path) -> None:
    """Everything in the folder is on the class path, and could replace classes of the broker."""
    (copied / "aaa-agent.jar").write_bytes(b"")
    with pytest.raises(DependencyAway, match=r"aaa-agent\.jar .* is not one of the \d+ jars"):
        class_path(copied, cache=copied, fetch=never)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DependencyAway, match="no folder of jars at"):
        class_path(tmp_path / "nowhere", cache=tmp_path, fetch=never)


def test_jars_are_fetched_once_and_checked_at_every_start(jars: Path, tmp_path: Path) -> None:
    fetches = []

    def fetch(folder: Path) -> None:
        fetches.append(folder)
        shutil.copytree(jars, folder, dirs_exist_ok=True)

    first = class_path(None, cache=tmp_path, fetch=fetch)
    assert class_path(None, cache=tmp_path, fetch=fetch) == first
    assert len(fetches) == 1
    assert list(tmp_path.iterdir()) == [first]
    flip_a_byte(first / SOME_JAR)
    with pytest.raises(DependencyAway, match=SOME_JAR) as refused:
        class_path(None, cache=tmp_path, fetch=fetch)
    assert f"delete {first}" in refused.value.fix


def test_what_was_fetched_is_not_kept_when_it_is_not_what_we_know(jars: Path, tmp_path: Path) -> None:
    def fetch(folder: Path) -> None:
        shutil.copytree(jars, folder, dirs_exist_ok=True)
        flip_a_byte(folder / SOME_JAR)

    with pytest.raises(DependencyAway, match=SOME_JAR):
        class_path(None, cache=tmp_path, fetch=fetch)
    assert list(tmp_path.iterdir()) == []


def test_two_programs_that_fetch_at_once_are_both_right(jars: Path, tmp_path: Path) -> None:
    """The slower one finds the folder there when it wants to rename its own, and uses it."""
    both_have_fetched = threading.Barrier(2, timeout=30)
    found = []

    def fetch(folder: Path) -> None:
        shutil.copytree(jars, folder, dirs_exist_ok=True)
        both_have_fetched.wait()

    def start() -> None:
        found.append(class_path(None, cache=tmp_path, fetch=fetch))

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 2
    assert list(tmp_path.iterdir()) == [found[0]]
    verify(found[0], fix=FIX)
