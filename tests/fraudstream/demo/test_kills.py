import json
import signal
import subprocess
import sys
from pathlib import Path

from fraudstream.demo.board import ScoreBoard
from fraudstream.demo.kills import Kills, staffed


def test_the_supervisors_log_says_who_is_where() -> None:
    """The last process of each slot; other lines, and halves of them, say nothing."""
    lines = [json.dumps({"event": "slot.started", "slot": slot, "pid": pid}) for slot, pid in ((0, 7), (1, 8), (0, 9))]
    log = "\n".join(["plain", *lines, '{"event": "slot.started", "slot": 1, "p', '{"event": "other"}', "3"])
    assert staffed(log) == {0: 9, 1: 8}


def test_a_worker_at_work_is_killed_when_it_is_time(tmp_path: Path) -> None:
    """Not before the first answer, not while answers are waited for, and each of them once."""
    log, said, now = tmp_path / "score.log", list[str](), [0.0]
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        log.write_text(json.dumps({"event": "slot.started", "slot": 0, "pid": worker.pid}) + "\n")
        board = ScoreBoard(0.0)
        kills = Kills(log, 1, board, said.append, lambda: now[0])

        def turn(at: float) -> int:
            now[0] = at
            kills.turn()
            return board.killed

        assert [turn(at) for at in (0.0, 50.0)] == [0, 0]
        board.score({"source": {"partition": 0, "offset": 0}, "outcome": "approve", "event_id": "e"}, 50.0)
        board.ask((0, 1), 51.0)
        assert [turn(at) for at in (51.0, 63.0)] == [0, 0]
        board.score({"source": {"partition": 0, "offset": 1}, "outcome": "approve", "event_id": "f"}, 63.0)
        assert [turn(at) for at in (64.0, 77.0, 90.0)] == [1, 1, 1]
        assert worker.wait(10) == -signal.SIGKILL
        assert said == [f"killed the worker of slot 0, process {worker.pid}"]
    finally:
        worker.kill()
        worker.wait()
