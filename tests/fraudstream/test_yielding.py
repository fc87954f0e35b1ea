"""Nightly work goes last on a host, in the words of the system that shares the processor."""

import subprocess
import sys
from pathlib import Path

ASKS = """
import os, sys
from pathlib import Path
from fraudstream.yielding import yield_to_others
if "alone" in sys.argv:
    os.setsid()
yield_to_others()
print(os.nice(0), Path("/proc/self/autogroup").read_text().split()[-1])
"""
SHARED_BY_SESSIONS = Path("/proc/sys/kernel/sched_autogroup_enabled")


def asked(*arguments: str) -> list[str]:
    return subprocess.check_output([sys.executable, "-c", ASKS, *arguments], text=True).split()


def test_a_session_of_its_own_goes_last_as_a_whole() -> None:
    """Niceness alone would count only among its own processes."""
    assert SHARED_BY_SESSIONS.exists()
    assert asked("alone") == ["19", "19"]


def test_the_session_of_somebody_else_stays_as_it_is() -> None:
    """A terminal's other programs are not made slow by it."""
    own = Path("/proc/self/autogroup").read_text().split()[-1]
    assert asked() == ["19", own]
