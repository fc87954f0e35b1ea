import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from consumer.supervisor import Supervisor, words

NOTE = "import os, sys, time, socket, json; n, fd, notes = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]; "
NOTE += "open(notes, 'a').write(f'{n} {os.getpid()} {time.monotonic()}\\n'); "
NOTE += "life = len([l for l in open(notes) if l.startswith(f'{n} ')]); "


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Signals mean to the test run afterwards what they meant before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Staff:
    """Workers that are a line of Python; `starts` says which slot was started when."""

    def __init__(self, folder: Path, code: str) -> None:
        self.notes = folder / "notes"
        self.code = code

    def command(self, slot: int, descriptor: int) -> list[str]:
        return [sys.executable, "-c", NOTE + self.code, str(slot), str(descriptor), str(self.notes)]

    @property
    def starts(self) -> list[tuple[int, int, float]]:
        lines = self.notes.read_text().splitlines()
        return [(int(slot), int(pid), float(at)) for slot, pid, at in map(str.split, lines)]


def test_done_is_done(tmp_path: Path) -> None:
    """Workers that end with 0 are not started again."""
    staff = Staff(tmp_path, "sys.exit(0)")
    assert Supervisor(staff.command, 2).run() == 0
    assert sorted(slot for slot, *_ in staff.starts) == [0, 1]


@pytest.mark.parametrize("death", ["sys.exit(75)", "sys.exit(1)", "os.kill(os.getpid(), 9)"])
def test_a_dead_slot_is_staffed_again_at_once(tmp_path: Path, death: str) -> None:
    """Asked for or not, the first death of a slot is followed by a start without waiting."""
    staff = Staff(tmp_path, f"{death} if life == 1 else sys.exit(0)")
    assert Supervisor(staff.command, 1).run() == 0
    first, second = (at for *_, at in staff.starts)
    assert second - first < 1.0


def test_a_slot_that_dies_again_soon_has_to_wait(tmp_path: Path) -> None:
    """The second death within ten seconds costs a second, so that a broken slot does not spin."""
    staff = Staff(tmp_path, "sys.exit(75 if life < 3 else 0)")
    assert Supervisor(staff.command, 1).run() == 0
    _, second, third = (at for *_, at in staff.starts)
    assert 1.0 <= third - second < 3.0


def test_misconfiguration_ends_all_slots(tmp_path: Path) -> None:
    """Exit code 78 is not tried again; the other slots are asked to end."""
    both = "[time.sleep(0.01) for _ in range(1000) if len(open(notes).readlines()) < 2]; "
    staff = Staff(tmp_path, both + "sys.exit(78) if n else time.sleep(60)")
    began = time.monotonic()
    assert Supervisor(staff.command, 2).run() == 78
    assert time.monotonic() - began < 10
    assert sorted(slot for slot, *_ in staff.starts) == [0, 1]


def test_a_slot_fenced_twice_is_in_use_elsewhere(tmp_path: Path) -> None:
    """Two owners of one identity would fence each other for ever: the second time within a minute ends with 78."""
    fenced = "socket.socket(fileno=fd).sendall(json.dumps({'why': 'x', 'fenced': True}).encode()); sys.exit(75)"
    staff = Staff(tmp_path, fenced)
    assert Supervisor(staff.command, 1).run() == 78
    assert len(staff.starts) == 2


@pytest.mark.parametrize("said", [b"{half", b"[]", b"\xff\xfe", b'{"why": "a"}\n{"why": "b"}\n', b'{"why": "b"}\n{"wh'])
def test_last_words_may_be_anything(said: bytes, tmp_path: Path) -> None:
    """A worker that is ended while it speaks must not take its supervisor with it."""
    staff = Staff(tmp_path, f"socket.socket(fileno=fd).sendall({said!r}); sys.exit(75 if life == 1 else 0)")
    assert Supervisor(staff.command, 1).run() == 0
    assert words(said) in ({}, {"why": "b"})


def test_the_time_is_bounded(tmp_path: Path) -> None:
    """After max_seconds the workers are asked to end, and that is a success."""
    staff = Staff(tmp_path, "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); time.sleep(60)")
    began = time.monotonic()
    assert Supervisor(staff.command, 1, max_seconds=0.5).run() == 0
    assert time.monotonic() - began < 5


def test_asked_to_end_before_it_could_listen_is_no_failure(tmp_path: Path) -> None:
    """A worker that is still starting when the end comes is simply gone."""
    staff = Staff(tmp_path, "time.sleep(60)")
    assert Supervisor(staff.command, 1, max_seconds=0.5).run() == 0


PROGRAM = """
import sys
from consumer.supervisor import Supervisor
worker = '''{worker}'''
sys.exit(Supervisor(lambda n, fd: [sys.executable, "-c", worker, str(n), str(fd), sys.argv[1]], 1).run())
"""


def supervise(folder: Path, worker: str) -> tuple[subprocess.Popen[bytes], int]:
    """A supervisor in a process of its own, and the pid of its worker once that runs."""
    notes = folder / "notes"
    notes.touch()
    program = PROGRAM.format(worker=NOTE.replace("\\n", "\\\\n") + worker)
    process = subprocess.Popen([sys.executable, "-c", program, str(notes)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while "ready" not in notes.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    return process, int(notes.read_text().split()[1])


def gone(pid: int, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


GENTLE = "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); open(notes, 'a').write('ready'); "


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_are_forwarded(tmp_path: Path, number: signal.Signals) -> None:
    """Ending the supervisor ends its workers and then itself, with 0."""
    process, worker = supervise(tmp_path, GENTLE + "time.sleep(60)")
    process.send_signal(number)
    assert process.wait(timeout=10) == 0
    assert gone(worker, 1)


def test_a_second_signal_ends_stubborn_workers(tmp_path: Path) -> None:
    """Who asks twice does not want to wait."""
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); open(notes, 'a').write('ready'); "
    process, worker = supervise(tmp_path, stubborn + "time.sleep(60)")
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 75
    assert gone(worker, 1)


def test_workers_notice_when_the_supervisor_was_killed(tmp_path: Path) -> None:
    """A supervisor that vanishes leaves no worker behind: the lifeline ends."""
    process, worker = supervise(tmp_path, GENTLE + "socket.socket(fileno=fd).recv(1)")
    process.kill()
    process.wait()
    assert gone(worker, 5)
