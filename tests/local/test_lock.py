import threading
import time
from pathlib import Path

from fraudstream.local.lock import locked


def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    order = []

    def second() -> None:
        with locked(tmp_path / "lock"):
            order.append("second")

    thread = threading.Thread(target=second)
    with locked(tmp_path / "lock"):
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_a_lock_on_a_deleted_file_is_not_enough(tmp_path: Path) -> None:
    """Who waited while the file was deleted takes the new one, which others can see."""
    path = tmp_path / "lock"
    held = threading.Event()

    def waits() -> None:
        with locked(path):
            held.set()
            assert path.exists()

    thread = threading.Thread(target=waits)
    with locked(path):
        thread.start()
        time.sleep(0.2)
        path.unlink()
    thread.join(10)
    assert held.is_set()
    assert path.exists()
