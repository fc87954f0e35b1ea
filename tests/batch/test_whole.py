"""A file is there whole or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from batch.whole import whole
from schemas.errors import DependencyAway

FULL = """
import resource, signal, sys
from pathlib import Path
from batch.whole import whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
with whole(Path(sys.argv[1])) as stream:
    stream.write(bytes(100_000))
"""


KILLED = """
import os, signal, sys
from pathlib import Path
from batch.whole import whole
with whole(Path(sys.argv[1])) as stream:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_is_there_at_the_end(tmp_path: Path) -> None:
    """Not before."""
    path = tmp_path / "file"
    with whole(path) as stream:
        stream.write(b"x")
        assert not path.exists()
    assert path.read_bytes() == b"x"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664)])
def test_who_may_read_it_is_for_the_umask_to_say(umask: int, mode: int, tmp_path: Path) -> None:
    """As of any file that is made, from its beginning on."""
    before = os.umask(umask)
    try:
        with whole(tmp_path / "file"):
            assert [each.stat().st_mode & 0o777 for each in tmp_path.iterdir()] == [mode]
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_what_a_killed_run_left_is_taken_away_by_the_next_one_alone(tmp_path: Path) -> None:
    """What others are still writing stays, and so does whatever is not of this very file."""
    path, name = tmp_path / "file", "x" * 250
    for each in (path, tmp_path / name):
        done = subprocess.run([sys.executable, "-c", KILLED, each], check=False)
        assert done.returncode == -signal.SIGKILL
    others = [".part-abcdefgh", ".part-file-a-01234567", ".part-other-01234567", ".part-file-0123456789"]
    for other in others:
        (tmp_path / other).touch()
    os.mkfifo(tmp_path / ".part-pipe-01234567")
    assert len(list(tmp_path.iterdir())) == 7
    with whole(path) as first, whole(path) as second, whole(tmp_path / name), whole(tmp_path / "pipe"):
        first.write(b"first")
        second.write(b"second")
    assert path.read_bytes() == b"first"
    assert {each.name for each in tmp_path.iterdir()} == {*others, "file", name, "pipe"}


def test_a_folder_that_cannot_be_listed_can_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left behind then stays."""
    monkeypatch.setattr(Path, "iterdir", _not_allowed)
    with whole(tmp_path / "file") as stream:
        stream.write(b"x")
    assert (tmp_path / "file").read_bytes() == b"x"


def _not_allowed(_: Path) -> None:
    raise PermissionError


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    """And keeps what was there before."""
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with pytest.raises(TypeError), whole(path) as stream:
        stream.writelines([b"x", None])  # type: ignore[list-item]
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """The file is named."""
    with (
        pytest.raises(DependencyAway, match=r"none/file could not be written: No such file"),
        whole(tmp_path / "none" / "file"),
    ):
        pass


def test_a_full_disk(tmp_path: Path) -> None:
    """It is said in one sentence, and no half file is left."""
    done = subprocess.run([sys.executable, "-c", FULL, tmp_path / "file"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DependencyAway" in done.stderr
    assert "could not be written: File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []
