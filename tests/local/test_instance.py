import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis as Client

from fraudstream.local.instance import Instance
from fraudstream.local.kafka import Kafka
from fraudstream.local.process import Process
from fraudstream.local.redis import Redis
from fraudstream.local.status import Status
from schemas.errors import DependencyAway, Usage

Publish = Callable[[str, str, list[str]], None]
Read = Callable[[str, str, int], list[str]]
UP = """
import sys
from pathlib import Path
from fraudstream.local.instance import Instance
print(Instance(Path(sys.argv[1])).up())
"""


def known(instance: Instance) -> Status:
    status = instance.status()
    assert status is not None
    return status


def pids(instance: Instance) -> list[int | None]:
    return [known(instance).kafka.pid, known(instance).redis.pid]


def write_state(instance: Instance, kafka_pid: int, redis_pid: int) -> None:
    """As left behind by a machine that lost its power."""
    state = {"kafka_port": 21_003, "controller_port": 21_004, "redis_port": 21_005}
    instance.folder.mkdir(parents=True, exist_ok=True)
    (instance.folder / "state.json").write_text(json.dumps({**state, "kafka_pid": kafka_pid, "redis_pid": redis_pid}))


def test_up_again_changes_nothing(up: Instance) -> None:
    before = known(up)
    assert before.ready
    assert up.up() is False
    assert known(up) == before


def test_up_with_another_port_than_the_running_one_is_refused(up: Instance) -> None:
    with pytest.raises(Usage, match=f"is running on port {known(up).kafka.port}, not 21999"):
        up.up(kafka_port=21_999)


def test_what_died_alone_is_started_alone(up: Instance) -> None:
    kafka, redis = pids(up)
    assert redis is not None
    port = known(up).redis.port
    Process(redis, str(Redis.settings_in(up.folder))).kill()
    assert not known(up).ready
    assert up.up() is True
    assert known(up).ready
    assert pids(up)[0] == kafka
    assert known(up).redis.port == port


def test_running_without_answering_is_said(up: Instance) -> None:
    redis = known(up).redis.pid
    assert redis is not None
    os.kill(redis, signal.SIGSTOP)
    try:
        assert (known(up).redis.pid, known(up).redis.answers) == (redis, False)
        with pytest.raises(DependencyAway, match="do not both answer"):
            up.up()
    finally:
        os.kill(redis, signal.SIGCONT)


def test_instances_live_side_by_side_and_two_ups_at_once_are_one(up: Instance, tmp_path: Path) -> None:
    """Of two commands started together one starts the servers; the other waits, and finds them there."""
    second = Instance.named("second", tmp_path)
    commands = [[sys.executable, "-c", UP, str(second.folder)] for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(lambda command: subprocess.check_output(command, text=True).strip(), commands))
    try:
        assert said == ["False", "True"]
        assert known(up).ready
        assert known(second).ready
        assert not set(pids(up)) & set(pids(second))
        assert known(up).bootstrap != known(second).bootstrap
    finally:
        assert second.down(wipe=True) == ["Kafka", "Redis"]
    assert known(up).ready
    assert not second.folder.exists()


def test_data_and_ports_are_kept_from_one_start_to_the_next(up: Instance, publish: Publish, read: Read) -> None:
    publish(known(up).bootstrap, "kept", ["one", "two"])
    with Client.from_url(known(up).redis_url) as client:
        client.set("kept", "three")
    before = known(up)
    assert up.down() == ["Kafka", "Redis"]
    assert pids(up) == [None, None]
    assert not known(up).ready
    assert up.up() is True
    assert (known(up).bootstrap, known(up).redis_url) == (before.bootstrap, before.redis_url)
    assert read(known(up).bootstrap, "kept", 2) == ["one", "two"]
    with Client.from_url(known(up).redis_url) as client:
        assert client.get("kept") in ("three", b"three")


def test_after_a_crash_of_both_up_starts_them_again_elsewhere_too(up: Instance, read: Read) -> None:
    """The state file still has their pids; other ports than before are no trouble for the data."""
    kafka, redis = pids(up)
    assert kafka is not None
    assert redis is not None
    Process(kafka, str(Kafka.settings_in(up.folder))).kill()
    Process(redis, str(Redis.settings_in(up.folder))).kill()
    assert pids(up) == [None, None]
    assert up.up(kafka_port=21_011, redis_port=21_012) is True
    assert (known(up).kafka.port, known(up).redis.port) == (21_011, 21_012)
    assert read("127.0.0.1:21011", "kept", 2) == ["one", "two"]


@pytest.fixture
def old(tmp_path: Path) -> Instance:
    return Instance.named("old", tmp_path)


def test_pids_that_other_programs_have_by_now_are_left_alone(old: Instance) -> None:
    """After a reboot the numbers are given anew: here to this very test, and to a program it has started."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        write_state(old, kafka_pid=os.getpid(), redis_pid=other.pid)
        assert pids(old) == [None, None]
        assert old.down() == []
        assert other.poll() is None
        other.kill()


def test_pids_that_nobody_has_are_a_stopped_instance(old: Instance) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    write_state(old, kafka_pid=ended.pid, redis_pid=ended.pid)
    assert not known(old).ready
    assert known(old).started_at is None
    assert old.down() == []


def test_wipe_deletes_our_files_and_no_others(old: Instance) -> None:
    write_state(old, 1, 1)
    (old.folder / "kafka").mkdir()
    (old.folder / "kafka" / "data").touch()
    (old.folder / "notes.txt").write_text("mine")
    old.down(wipe=True)
    assert [path.name for path in old.folder.iterdir()] == ["notes.txt"]


def test_a_folder_that_was_never_an_instance_is_not_touched(old: Instance) -> None:
    (old.folder / "kafka").mkdir(parents=True)
    assert old.down(wipe=True) == []
    assert old.status() is None
    assert [path.name for path in old.folder.iterdir()] == ["kafka"]


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "-x", "a b"])
def test_a_name_is_one_folder_name(name: str, tmp_path: Path) -> None:
    """Nothing outside the data folder can be started in, or wiped."""
    with pytest.raises(Usage):
        Instance.named(name, tmp_path)


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Usage, match="no folder can be made") as refused:
        Instance.named("x", tmp_path / "file").up()
    assert "--data" in refused.value.fix


def test_the_default_folder_is_this_users_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Instance.named().folder == tmp_path / "fraudstream" / "local"
