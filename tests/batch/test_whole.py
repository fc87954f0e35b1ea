"""A file is there whole or not at all."""

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


def test_it_is_there_at_the_end(tmp_path: Path) -> None:
    """Not before, and everybody may read it."""
    path = tmp_path / "file"
    with whole(path) as stream:
        stream.write(b"x")
        assert not path.exists()
    assert path.read_bytes() == b"x"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


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
