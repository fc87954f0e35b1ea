import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from fraudstream.commands import local
from fraudstream.local.instance import Instance
from fraudstream.local.ports import HOST
from fraudstream.local.state import State, save
from schemas.errors import Usage

Call = Callable[..., Result]


@pytest.fixture
def call() -> Call:
    app = typer.Typer()
    for command in (local.up, local.down, local.status):
        app.command()(command)
    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.fixture
def where(up: Instance) -> list[str]:
    return ["--name", up.folder.name, "--data", str(up.folder.parent)]


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def test_up_says_where_everything_is_and_how_to_use_it(call: Call, where: list[str], up: Instance) -> None:
    shown = call("up", *where)
    assert shown.exit_code == 0
    status = up.status()
    assert status is not None
    for expected in (
        "already running since 20",
        status.bootstrap,
        status.redis_url,
        str(up.folder),
        str(status.kafka.log),
        str(status.redis.log),
        f"export FRAUDSTREAM_KAFKA_BOOTSTRAP={status.bootstrap} FRAUDSTREAM_REDIS_URL={status.redis_url}",
    ):
        assert expected in shown.output
    assert status.kafka.log.exists()
    assert status.redis.log.exists()


def test_up_as_json_is_one_object(call: Call, where: list[str], up: Instance) -> None:
    facts = json.loads(call("up", *where, "--json").output)
    assert facts["started"] is False
    assert facts["ready"] is True
    assert facts["environment"]["FRAUDSTREAM_KAFKA_BOOTSTRAP"] == facts["bootstrap"]
    assert facts["kafka"]["pid"] == json.loads(call("status", *where, "--json").output)["kafka"]["pid"]


def test_status_and_down_and_up_follow_each_other(call: Call, where: list[str]) -> None:
    """0 while both answer, 69 once they do not; each step says what it did."""
    assert call("status", *where).exit_code == 0
    assert call("down", *where).output == "stopped Kafka and Redis\n"
    stopped = call("status", *where)
    assert stopped.exit_code == 69
    assert stopped.output.count("stopped") == 2
    assert "nothing was running" in call("down", *where).output
    ready = call("up", *where)
    assert ready.output.startswith("ready after ")
    assert call("status", *where).exit_code == 0


def test_a_taken_port_is_refused_before_anything_starts(call: Call, tmp_path: Path, taken: int) -> None:
    refused = call("up", "--data", tmp_path, "--kafka-port", taken)
    assert isinstance(refused.exception, Usage)
    assert f"port {taken}" in refused.exception.message
    assert call("status", "--data", tmp_path).exit_code == 69


def test_without_an_instance_status_says_how_to_get_one(call: Call, tmp_path: Path) -> None:
    shown = call("status", "--data", tmp_path)
    assert shown.exit_code == 69
    assert "fraudstream up" in shown.output
    assert json.loads(call("status", "--data", tmp_path, "--json").output)["ready"] is False
    assert list(tmp_path.iterdir()) == []


def test_wipe_says_what_it_deleted(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    save(folder / "state.json", State(kafka_port=21_006, controller_port=21_007, redis_port=21_008))
    command = ["down", "--name", "old", "--data", tmp_path, "--wipe"]
    assert call(*command).output.splitlines()[1] == f"deleted the data in {folder}"
    assert not folder.exists()
    assert "deleted the data" not in call(*command).output
