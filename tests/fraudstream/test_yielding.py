"""Nightly work goes last on a host, in the words of the system that shares the processor."""

import subprocess
import sys
from pathlib import Path

ASKS = """
from pathlib import Path
from fraudstream.yielding import yield_to_others
yield_to_others()
print(Path("/proc/self/stat").read_text().split()[18], Path("/proc/self/autogroup").read_text().split()[-1])
"""
SHARED_BY_SESSIONS = Path("/proc/sys/kernel/sched_autogroup_enabled")


def in_a_session(*command: str) -> list[str]:
    """Words of a command that leads a session of its own: the one these tests run in may have no group."""
    return subprocess.check_output(command, text=True, start_new_session=True).split()


def test_a_session_of_its_own_goes_last_as_a_whole() -> None:
    """Niceness alone would count only among its own processes."""
    assert SHARED_BY_SESSIONS.exists()
    assert in_a_session(sys.executable, "-c", ASKS) == ["19", "19"]


def test_the_session_of_somebody_else_stays_as_it_is() -> None:
    """A terminal's other programs are not made slow by it."""
    assert in_a_session("sh", "-c", '"$0" -c "$1"; true', sys.executable, ASKS) == ["19", "0"]
