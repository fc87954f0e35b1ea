"""A tiny package whose kernel takes numbers and functions from other files, which are edited between runs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from schemas.compiled import compiled

PACKAGE = {
    "__init__": "",
    "layout": "RATE = 3\nTABLE = (1, 10)\n",
    "room": "BASE = 100\nOTHER = 1\n",
    "inner": "from schemas.compiled import compiled\n\n@compiled\ndef more(number):\n    return number + 1\n",
    "kernels": """
from schemas.compiled import compiled
from tiny import room
from tiny.inner import more
from tiny.layout import RATE, TABLE

@compiled
def answer(number):
    return room.BASE + RATE * more(number) + TABLE[1]
""",
}
RUN = """
import json, sys
from tiny.kernels import answer
found = answer(json.loads(sys.argv[1]))
print(json.dumps([found, answer.stats.cache_hits != {}]))
"""
EDITS = {
    "a constant": ("layout", "RATE = 3", "RATE = 4", 1 * 4 + 4 + 110),
    "its type alone": ("layout", "RATE = 3", "RATE = 3.0", 116),
    "an entry of a table": ("layout", "(1, 10)", "(1, 20)", 126),
    "a number behind a module": ("room", "100", "200", 216),
    "a function that is called": ("inner", "number + 1", "number + 2", 119),
    "the function itself": ("kernels", "room.BASE +", "room.BASE -", 84 + 20),
}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    folder.mkdir()
    for name, text in PACKAGE.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def started(folder: Path, number: float, **others: str) -> "subprocess.Popen[str]":
    project = Path(__file__).parents[2]
    paths = os.pathsep.join((str(folder.parent), str(project)))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    environment |= {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"} | others
    command = [sys.executable, "-c", RUN, json.dumps(number)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def run(folder: Path, number: float = 1, **others: str) -> tuple[object, bool]:
    """What the kernel answers in a new process, and whether it was kept."""
    process = started(folder, number, **others)
    out, _ = process.communicate(timeout=120)
    found, kept = json.loads(out)
    return found, kept


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """At once and in secret: the file's time stays what it was."""
    path = folder / f"{name}.py"
    text, stamp = path.read_text(), path.stat()
    assert old in text
    path.write_text(text.replace(old, new))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").glob("kernels.answer.*"))


def test_no_edit_leaves_a_stale_answer(tiny: Path) -> None:
    """Whatever the machine code follows from is edited, in whatever file, the next process has the new answer."""
    assert [run(tiny), run(tiny)] == [(116, False), (116, True)]
    for what, (name, old, new, answer) in EDITS.items():
        edit(tiny, name, old, new)
        assert run(tiny) == (answer, False), what
        assert len(kept(tiny)) == 1, "what the older source left is gone"
        edit(tiny, name, new, old)


def test_an_edit_that_changes_no_meaning_compiles_nothing(tiny: Path) -> None:
    """Lines that move, comments, and numbers that the kernel does not name."""
    run(tiny)
    edit(tiny, "kernels", "@compiled", "# a comment\n@compiled")
    edit(tiny, "room", "OTHER = 1", "OTHER = 2")
    assert run(tiny) == (116, True)


def test_the_compilers_own_files_would_be_stale(tiny: Path) -> None:
    """The same edit goes unseen where the compiler is left to keep its code: the tests above can fail."""
    own = "import numba\ncompiled = numba.njit(cache=True)"
    for name in ("inner", "kernels"):
        edit(tiny, name, "from schemas.compiled import compiled", own)
    run(tiny)
    edit(tiny, "layout", "RATE = 3", "RATE = 4")
    assert run(tiny) == (116, True)


def test_a_torn_file_is_made_anew(tiny: Path) -> None:
    """As a machine that fails while it is written leaves it: empty, half, or not what was meant."""
    run(tiny)
    (path,) = kept(tiny)
    whole = path.read_bytes()
    for torn in (b"", whole[: len(whole) // 2], whole[::-1]):
        path.write_bytes(torn)
        assert run(tiny) == (116, False)
    assert run(tiny) == (116, True)


def test_processes_that_start_at_once_do_not_mix_their_signatures(tiny: Path) -> None:
    """Each compiles another signature of the same function; all of them are kept, and none in another's place."""
    numbers = [1, 1.0, 1, 1.0]
    for process in [started(tiny, number) for number in numbers]:
        assert json.loads(process.communicate(timeout=120)[0])[0] == 116
    assert len(kept(tiny)) == 2
    assert [run(tiny, number) for number in (1, 1.5)] == [(116, True), (117.5, True)]


def test_where_nothing_can_be_written_nothing_is_kept(tiny: Path) -> None:
    """A read-only installation of a user without a home compiles at every start."""
    (tiny / "__pycache__").write_text("a file")
    nowhere = str(tiny / "room.py" / "nowhere")
    for _ in range(2):
        assert run(tiny, HOME=nowhere, XDG_CACHE_HOME=nowhere) == (116, False)


def test_a_folder_that_goes_away_is_no_failure(tmp_path: Path) -> None:
    """A disk that is full or gone by the time the code is compiled costs nothing but the next compilation."""
    path, space = tmp_path / "late.py", dict[str, Any]()
    path.write_text("from schemas.compiled import compiled\n\n@compiled\ndef late(number):\n    return number + 1\n")
    exec(compile(path.read_text(), str(path), "exec"), space)
    (tmp_path / "__pycache__").rmdir()
    (tmp_path / "__pycache__").write_text("a file")
    assert space["late"](1) == 2


@pytest.mark.parametrize("wrong", [[1, 2], {1: 2}, object()])
def test_what_cannot_be_followed_is_not_compiled(wrong: object) -> None:
    """A kernel that names something which may change unseen is refused when it is first used."""

    @compiled
    def of_a_list(number: int) -> int:
        return number + len(wrong)  # type: ignore[arg-type]

    with pytest.raises(TypeError, match="whether it has changed"):
        of_a_list(1)
