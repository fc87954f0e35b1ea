import os
import signal
import subprocess
import sys
from collections.abc import Callable

from fraudstream.local.guard import Guard

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
DIES = """
import os, subprocess, sys, time
from fraudstream.local.guard import Guard
guard = Guard()
server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=subprocess.DEVNULL)
guard.watch(server.pid)
fork = os.fork()
if fork:
    print(server.pid, fork, flush=True)
time.sleep(60)
"""


def test_a_watched_server_ends_with_its_program(is_gone: Callable[[int, float], bool], reaper: list[int]) -> None:
    """SIGKILL leaves the program no time for anything, and a fork of it keeps the guard's pipe open."""
    with subprocess.Popen([sys.executable, "-c", DIES], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        server, fork = map(int, program.stdout.readline().split())
        reaper += [server, fork]
        program.kill()
        assert is_gone(server, 5)
        assert not is_gone(fork, 0.1)
        os.kill(fork, signal.SIGKILL)


def test_closing_kills_what_is_watched_and_spares_what_is_not(reaper: list[int]) -> None:
    guard = Guard()
    with subprocess.Popen(SLEEPER) as watched, subprocess.Popen(SLEEPER) as forgotten:
        reaper.append(forgotten.pid)
        guard.watch(watched.pid)
        guard.watch(forgotten.pid)
        guard.forget(forgotten.pid)
        guard.close()
        assert watched.wait(5) == -signal.SIGKILL
        assert forgotten.poll() is None
        forgotten.kill()


def test_a_guard_that_was_killed_is_no_harm() -> None:
    guard = Guard()
    guard.child.kill()
    guard.child.wait()
    guard.watch(1)
    guard.close()
