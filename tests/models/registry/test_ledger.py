"""The ledger: a chain that only grows, whoever writes, and whatever happens to its last line."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.registry import ledger
from models.registry.ledger import FILE, HEAD, read, writing
from schemas.errors import DependencyAway, Misconfigured

DIGEST = "ab" * 32


def append(root: Path, version: int = 1, **facts: object) -> None:
    usual = {"at": "2026-01-05T12:00:00+00:00", "who": "ada", "why": "because", "action": "register", "name": "fraud"}
    with writing(root) as writer:
        writer.append(**usual | {"version": version, "digest": DIGEST, "seal": DIGEST} | facts)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A ledger of three entries."""
    for version in (1, 2, 3):
        append(tmp_path, version)
    return tmp_path


def lines(root: Path) -> list[bytes]:
    return (root / FILE).read_bytes().splitlines(keepends=True)


def test_entries_are_chained(root: Path) -> None:
    """Each names the hash of the one before it."""
    entries = read(root).entries
    assert [each.version for each in entries] == [1, 2, 3]
    assert [each.previous for each in entries] == ["0" * 64, entries[0].hash, entries[1].hash]
    assert (entries[0].who, entries[0].why) == ("ada", "because")


def test_an_empty_registry_has_an_empty_ledger(tmp_path: Path) -> None:
    """Reading makes nothing."""
    assert read(tmp_path / "none").entries == ()
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("line", [0, 1, 2])
@pytest.mark.parametrize("field", ["who", "version", "hash", "previous"])
def test_an_altered_entry_is_named(root: Path, line: int, field: str) -> None:
    """Any line, any field; the last one too, for it was acknowledged."""
    found = lines(root)
    entry = json.loads(found[line])
    entry[field] = {"who": "eve", "version": 9, "hash": DIGEST, "previous": DIGEST}[field]
    found[line] = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    (root / FILE).write_bytes(b"".join(found))
    with pytest.raises(Misconfigured, match=f"line {line + 1}"):
        read(root)


@pytest.mark.parametrize("bytes_left", [1, 40, -1])
def test_a_last_line_cut_short_is_named(root: Path, bytes_left: int) -> None:
    """It was acknowledged, so nothing is guessed."""
    found = lines(root)
    (root / FILE).write_bytes(b"".join(found[:2]) + found[2][:bytes_left])
    with pytest.raises(Misconfigured, match=r"line 3 is cut short"):
        read(root)


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_entries_that_are_gone_are_missed(root: Path, kept: int) -> None:
    """A chain alone would not notice that its end was cut off."""
    (root / FILE).write_bytes(b"".join(lines(root)[:kept]))
    with pytest.raises(Misconfigured, match=f"ends after line {kept}, but 3"):
        read(root)


def test_a_ledger_that_is_gone_is_missed(root: Path) -> None:
    """An empty registry is not assumed."""
    (root / FILE).unlink()
    with pytest.raises(Misconfigured, match="missing"):
        read(root)


def test_a_head_that_is_gone_is_missed(root: Path) -> None:
    """Without it, an end that was cut off could not be noticed."""
    (root / HEAD).unlink()
    with pytest.raises(Misconfigured, match="3 entries, but"):
        read(root)


def test_an_inserted_or_moved_line_is_named(root: Path) -> None:
    """Entries follow each other in one order only."""
    one, two, three = lines(root)
    (root / FILE).write_bytes(two + one + three)
    with pytest.raises(Misconfigured, match="line 1 does not follow"):
        read(root)


@pytest.mark.parametrize("rest", [b'{"action":"reg', b"\xff\xfe\n", b"{}\n", b"\n"])
def test_what_was_never_acknowledged_does_not_count(root: Path, rest: bytes) -> None:
    """The rest of a write that did not finish is told of, and kept aside at the next append."""
    with (root / FILE).open("ab") as file:
        file.write(rest)
    found = read(root)
    assert [each.version for each in found.entries] == [1, 2, 3]
    assert found.torn is not None
    assert "line 4" in str(found.torn)
    append(root, 4)
    mended = read(root)
    assert (mended.torn, [each.version for each in mended.entries]) == (None, [1, 2, 3, 4])
    assert "line 4" in (mended.entries[3].mended or "")
    (aside,) = root.glob(f"{FILE}.torn-*")
    assert aside.read_bytes() == rest


def test_a_full_disk_takes_the_line_out_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 69; what was there is there, byte for byte."""
    before = (root / FILE).read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(DependencyAway, match="No space left"):
            append(root, 4)
    assert (root / FILE).read_bytes() == before
    append(root, 4)
    assert len(read(root).entries) == 4


def test_a_disk_that_stays_full_leaves_a_ledger(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When only the head cannot be written, again and again, no line stays that was not acknowledged."""
    before, real = (root / FILE).read_bytes(), ledger.durable.replace_file

    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(ledger.durable, "replace_file", full)
    for _ in range(3):
        with pytest.raises(DependencyAway, match="No space left"):
            append(root, 4)
        assert (root / FILE).read_bytes() == before
    monkeypatch.setattr(ledger.durable, "replace_file", real)
    append(root, 4)
    assert len(read(root).entries) == 4


WRITER = """
import sys; from pathlib import Path; from models.registry.ledger import writing
for number in range(int(sys.argv[3])):
    with writing(Path(sys.argv[1])) as writer:
        version = max((e.version for e in writer.ledger.entries), default=0) + 1
        writer.append(at="2026-01-05T12:00:00+00:00", who=sys.argv[2], why="many", action="register", name="fraud",
                      version=version, digest="ab" * 32, seal="ab" * 32)
"""


def test_writers_take_turns(tmp_path: Path) -> None:
    """Four processes at once: every entry is there once, the chain is whole, no version is given twice."""
    start = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*start, f"writer-{number}", "15"]) for number in range(4)]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    entries = read(tmp_path).entries
    assert [each.version for each in entries] == list(range(1, 61))
    assert {each.who for each in entries} == {f"writer-{number}" for number in range(4)}


KILLED = """
import os, sys; from pathlib import Path; from models.registry import ledger
count, at = [0], int(sys.argv[2])
def killing(real):
    def call(*args, **kwargs):
        count[0] += 1
        if count[0] == at: os.kill(os.getpid(), 9)
        return real(*args, **kwargs)
    return call
os.fsync, os.replace, os.rename = killing(os.fsync), killing(os.replace), killing(os.rename)
with ledger.writing(Path(sys.argv[1])) as writer:
    writer.append(at="2026-01-05T12:00:00+00:00", who="ada", why="killed", action="register", name="fraud",
                  version=4, digest="ab" * 32, seal="ab" * 32)
"""


@pytest.mark.parametrize("at", range(1, 6))
def test_a_kill_between_steps_leaves_a_ledger(root: Path, at: int) -> None:
    """SIGKILL at the n-th step of an append: the entry is there or not, and the next one follows it."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(root), str(at)], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    before = [each.version for each in read(root).entries]
    assert before in ([1, 2, 3], [1, 2, 3, 4])
    append(root, 5)
    assert [each.version for each in read(root).entries] == [*before, 5]


def test_one_kill_after_another_leaves_a_ledger(root: Path) -> None:
    """Writers that die between line and head, one after the other: the next one acknowledges each line."""
    for _ in range(3):
        for at in (3, 4):
            subprocess.run([sys.executable, "-c", KILLED, str(root), str(at)], timeout=60, check=False)
            read(root)
    append(root, 5)
    assert read(root).entries[-1].version == 5


def test_the_lock_is_let_go_by_the_dead(root: Path) -> None:
    """Who dies with the lock does not keep others waiting."""
    code = "import os, sys; from pathlib import Path; from models.registry.ledger import writing\n"
    code += "with writing(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, str(root)], timeout=60, check=False)
    append(root, 4)
    assert len(read(root).entries) == 4


def test_a_link_in_the_place_of_the_ledger_is_refused(root: Path) -> None:
    """It is a file of its own."""
    (root / FILE).rename(root / "elsewhere")
    (root / FILE).symlink_to(root / "elsewhere")
    with pytest.raises(Misconfigured, match="symbolic link"):
        ledger.read(root)
