"""A paced command works for its share of the time, and is otherwise the command it was."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

SOON_S = 20.0

BURNS = """
import time
from fraudstream.pacing import pace
pace(float(__import__("sys").argv[1]))
began = time.monotonic()
sum(range(20_000_000))
print(time.monotonic() - began, time.process_time())
"""
WAITS = """
import os, sys, time
from fraudstream.pacing import pace
pace(0.5)
try:
    print(os.getpid(), flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit("told to stop")
"""

RESTS = "from fraudstream.pacing import pace; pace(0.01); time.sleep(60)"


def burned(share: float) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", BURNS, str(share)], capture_output=True, text=True, check=True, timeout=60
    )
    passed, processor = map(float, done.stdout.split())
    return passed, processor


def state(pid: int) -> str:
    """A letter of the system's, or nothing where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def soon(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + SOON_S
    while not true() and time.monotonic() < until:
        time.sleep(0.005)
    return true()


@contextmanager
def waiting(*words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process that was started, and the number of the one that works."""
    command = [sys.executable, *(words or ("-c", WAITS))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def test_one_long_step_gets_its_share_alone() -> None:
    """A single call into C of half a second or more, which no signal handler of Python could interrupt."""
    passed, processor = burned(0.2)
    assert passed > 2 * processor


def test_the_whole_is_no_pace() -> None:
    """The process that was started does the work itself."""
    words = "import os; from fraudstream.pacing import pace; pace(1.0); print(os.getpid())"
    with subprocess.Popen([sys.executable, "-c", words], stdout=subprocess.PIPE, text=True) as process:
        assert int(process.communicate(timeout=60)[0]) == process.pid


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("sys.exit(0)", 0),
        ("sys.exit(78)", 78),
        ("os.kill(os.getpid(), 9)", -9),
        ("signal.signal(2, signal.SIG_DFL); os.kill(os.getpid(), 2)", -2),
        ("os.abort()", 134),
    ],
)
def test_it_ends_as_its_work_ends(ending: str, code: int) -> None:
    """Whoever looks at exit codes sees no difference."""
    words = f"import os, signal, sys; from fraudstream.pacing import pace; pace(0.5); {ending}"
    assert subprocess.run([sys.executable, "-c", words], check=False, timeout=60).returncode == code


def test_it_may_be_started_by_what_ignores_signals() -> None:
    """Those that keep no account of their children, `nohup`, and a shell without jobs: none is an error or stops it."""
    ignored = "import os, signal, sys; [signal.signal(each, signal.SIG_IGN) for each in map(int, sys.argv[2:])]"
    words = f"{ignored}; os.execv(sys.executable, [sys.executable, '-c', sys.argv[1]])"
    numbers = map(str, (signal.SIGCHLD, signal.SIGHUP, signal.SIGTSTP, signal.SIGINT))
    with waiting("-c", words, WAITS, *numbers) as (process, worker):
        for number in (signal.SIGHUP, signal.SIGTSTP, signal.SIGINT):
            process.send_signal(number)
        time.sleep(0.1)
        assert state(process.pid) == "S"
        os.kill(worker, signal.SIGTERM)
        assert process.wait(SOON_S) == -signal.SIGTERM


def test_a_signal_reaches_the_work_once_and_ends_both() -> None:
    """Ctrl-C and an orderly end are the work's own affair."""
    with waiting() as (process, worker):
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=SOON_S)[1]
        assert (said, process.returncode) == ("told to stop\n", 1)
        assert not state(worker)
    with waiting() as (process, worker):
        process.terminate()
        assert process.wait(SOON_S) == -signal.SIGTERM
        assert not state(worker)


def test_no_work_is_left_at_rest_when_its_leader_is_killed() -> None:
    """A process at rest that nobody wakes would hold the lock for ever."""
    with waiting() as (process, worker):
        process.kill()
        process.wait()
        assert soon(lambda: state(worker) in {"", "Z"})


def test_it_never_rests_before_it_is_bound_to_its_leader() -> None:
    """Killed at any moment from the beginning on, on a host that is slow to let the work begin."""
    slow = "import ctypes, time; load = ctypes.CDLL; ctypes.CDLL = lambda name: (time.sleep(0.5), load(name))[1]"
    with subprocess.Popen([sys.executable, "-c", f"{slow}\n{RESTS}"], start_new_session=True) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        assert soon(lambda: bool(children.read_text()))
        worker = int(children.read_text())
        time.sleep(0.1)
        process.kill()
    ended = soon(lambda: state(worker) in {"", "Z"})
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)
    assert ended


def test_it_stops_at_a_terminal_and_goes_on() -> None:
    """Ctrl-Z leaves nothing running; `fg` lets it run on."""
    with waiting() as (process, worker):
        process.send_signal(signal.SIGTSTP)
        assert soon(lambda: (state(process.pid), state(worker)) == ("T", "T"))
        time.sleep(0.1)
        assert state(worker) == "T"
        process.send_signal(signal.SIGCONT)
        assert soon(lambda: state(worker) == "S")
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(SOON_S) == -signal.SIGTERM
