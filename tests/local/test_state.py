from datetime import UTC, datetime
from pathlib import Path

import pytest

from fraudstream.local.state import State, load, save
from schemas.errors import Misconfigured

STATE = State(
    kafka_port=9092,
    controller_port=21000,
    redis_port=6379,
    kafka_pid=11,
    redis_pid=12,
    started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    save(path, STATE)
    assert load(path) == STATE
    assert list(tmp_path.iterdir()) == [path]


def test_a_stopped_instance_remembers_its_ports_alone() -> None:
    assert STATE.stopped() == State(kafka_port=9092, controller_port=21000, redis_port=6379)


def test_no_file_is_no_state(tmp_path: Path) -> None:
    assert load(tmp_path / "state.json") is None


@pytest.mark.parametrize("text", ["", "[]", '{"kafka_port": 1}', '{"kafka_port": "x"', "\xff"])
def test_a_file_that_is_not_ours_is_refused_by_its_path(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(Misconfigured, match=str(path)):
        load(path)
