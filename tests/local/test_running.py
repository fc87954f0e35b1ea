import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fraudstream.local.running import Servers, running
from schemas.errors import DependencyAway, Usage

PROGRAM = """
import sys, time
from pathlib import Path
from fraudstream.local.running import running
with running(Path(sys.argv[1])) as servers:
    print(servers.kafka.pid, servers.redis.pid, servers.kafka.guard.child.pid, flush=True)
    time.sleep(60)
"""
IsGone = Callable[[int, float], bool]


@pytest.mark.parametrize(
    ("blow", "seconds"),
    [(signal.SIGKILL, 3), (signal.SIGINT, 10)],
    ids=["killed", "Ctrl-C"],
)
def test_the_servers_end_with_the_program(
    tmp_path: Path, is_gone: IsGone, reaper: list[int], blow: signal.Signals, seconds: float
) -> None:
    """However the program ends, no process of its is left."""
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        assert program.stdout is not None
        pids = [int(pid) for pid in program.stdout.readline().split()]
        reaper += pids
        assert len(pids) == 3
        program.send_signal(blow)
        program.wait(20)
        assert [is_gone(pid, seconds) for pid in pids] == [True] * 3
        reaper.clear()


def test_when_one_cannot_start_the_other_is_stopped_again(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "data").write_text("a file where the folder should be")
    with pytest.raises(DependencyAway, match="Kafka"), running(tmp_path):
        pytest.fail("the block was entered")
    assert "User requested shutdown" in (tmp_path / "redis" / "redis.log").read_text()


def test_a_folder_that_kafka_would_take_for_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="comma"), running(tmp_path / "a,b"):
        pytest.fail("the block was entered")


def test_a_port_of_the_callers_that_is_taken_is_refused(tmp_path: Path, services: Servers) -> None:
    taken = services.kafka.port
    with pytest.raises(Usage, match=f"port {taken}"), running(tmp_path, kafka_port=taken):
        pytest.fail("the block was entered")
    assert list(tmp_path.iterdir()) == []
