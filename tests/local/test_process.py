import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fraudstream.local.process import Process, command_line, rotate, spawn, tail

OBEYS = "import time, sys; print('up', flush=True); time.sleep(60)"
IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + OBEYS

LATER = """
import sys
from fraudstream.local.process import Process
print(*(Process(int(sys.argv[1]), mark).is_alive() for mark in sys.argv[2:]))
"""
FORKS = """
import os, sys
from pathlib import Path
from fraudstream.local.process import spawn
server = spawn(["/bin/sleep", "60", "61"], log=Path(sys.argv[1]) / "log", mark="61")
fork = os.fork()
if fork:
    os.waitpid(fork, 0)
print(server.is_alive(), flush=True)
if fork:
    server.kill()
"""


def start(code: str, folder: Path, reaper: list[int]) -> Process:
    log, mark = folder / "log", str(folder / "settings")
    process = spawn([sys.executable, "-c", code, mark], log=log, mark=mark)
    reaper.append(process.pid)
    while not (log.exists() and log.read_text()):
        time.sleep(0.01)
    return process


def test_a_server_has_a_session_of_its_own(tmp_path: Path, reaper: list[int]) -> None:
    """Ctrl-C goes to the terminal's foreground group: a server is not in it, and is stopped by us in order."""
    process = start(OBEYS, tmp_path, reaper)
    assert os.getsid(process.pid) == process.pid


def test_stop_ends_it(tmp_path: Path, reaper: list[int]) -> None:
    process = start(OBEYS, tmp_path, reaper)
    assert process.is_alive()
    process.stop(10)
    assert not process.is_alive()


def test_stop_uses_force_once_the_grace_is_over(tmp_path: Path, reaper: list[int]) -> None:
    process = start(IGNORES_SIGTERM, tmp_path, reaper)
    process.stop(0.2)
    assert not process.is_alive()


def test_stop_ends_a_paused_one_in_order(tmp_path: Path, reaper: list[int]) -> None:
    """A paused process would not see SIGTERM before it is resumed, and would lose what it has to write."""
    code = "import atexit; atexit.register(print, 'in order'); import signal, sys;"
    process = start(f"{code} signal.signal(signal.SIGTERM, lambda *_: sys.exit());{OBEYS}", tmp_path, reaper)
    process.pause()
    process.stop(10)
    assert "in order" in tail(tmp_path / "log")


def test_a_pid_that_runs_something_else_is_never_signalled(tmp_path: Path, reaper: list[int]) -> None:
    process = start(OBEYS, tmp_path, reaper)
    mistaken = Process(os.getpid(), process.mark)
    assert not mistaken.is_alive()
    assert not mistaken.signal(signal.SIGKILL)


def test_a_later_program_knows_it_by_its_whole_mark(tmp_path: Path, reaper: list[int]) -> None:
    """An instance in /a does not take the server of one in /b/a for its own."""
    process = start(OBEYS, tmp_path, reaper)
    marks = [process.mark, process.mark[5:], process.mark[:-5]]
    said = subprocess.check_output([sys.executable, "-c", LATER, str(process.pid), *marks], text=True)
    assert said.split() == ["True", "False", "False"]


def test_a_fork_knows_the_servers_of_its_parent(tmp_path: Path) -> None:
    """A worker forked off sees a broker alive that it cannot wait for."""
    said = subprocess.check_output([sys.executable, "-c", FORKS, str(tmp_path)], text=True)
    assert said.split() == ["True", "True"]


def test_a_process_that_has_ended_is_reaped_and_dead(tmp_path: Path) -> None:
    mark = str(tmp_path / "settings")
    process = spawn([sys.executable, "-c", "", mark], log=tmp_path / "log", mark=mark)
    assert process.wait(10)
    assert command_line(process.pid) == ""
    with pytest.raises(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)


def test_a_command_without_its_mark_is_not_started(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not an argument"):
        spawn([sys.executable, "-c", ""], log=tmp_path / "log", mark="elsewhere")


def test_the_log_of_the_start_before_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    rotate(log)
    log.write_text("first")
    rotate(log)
    assert not log.exists()
    assert (tmp_path / "kafka.log.1").read_text() == "first"


def test_a_tail_is_the_last_lines_and_says_when_there_are_none(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert "empty" in tail(log)
    log.write_text("\n".join(map(str, range(100))))
    assert tail(log, 2) == "    98\n    99"
