import random
from pathlib import Path

import pytest
from redis import Redis as Client

from fraudstream.local import redis
from fraudstream.local.ports import claim
from fraudstream.local.running import Servers
from schemas.errors import DependencyAway


def program(folder: Path, name: str, version: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0 malloc=libc bits=64'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH, beside the shell's; no bundled server."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(redis, "bundled", lambda: None)
    return tmp_path


def test_it_never_evicts_and_listens_on_this_machine_alone(services: Servers) -> None:
    with Client.from_url(services.redis_url, decode_responses=True) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_the_machines_own_redis_comes_before_valkey(alone: Path) -> None:
    program(alone, "valkey-server", "8.0.1")
    assert redis.find(allow_fake=True) == alone / "valkey-server"
    program(alone, "redis-server", "7.0.15")
    assert redis.find(allow_fake=True) == alone / "redis-server"


def test_a_redis_too_old_to_be_known_again_is_passed_over(alone: Path) -> None:
    program(alone, "redis-server", "6.0.16")
    with pytest.raises(DependencyAway, match="no Redis found") as away:
        redis.find(allow_fake=False)
    assert "fraudstream[local]" in away.value.fix


def test_the_imitation_is_for_those_who_allow_it(alone: Path) -> None:
    """Asked for a real one, none at all is the answer; a demo may do with fakeredis."""
    assert redis.find(allow_fake=True) is None
    with pytest.raises(DependencyAway):
        redis.find(allow_fake=False)


def test_the_imitation_starts_answers_and_ends(tmp_path: Path) -> None:
    server = redis.Redis(base=tmp_path, port=claim(None, random.Random(), option=""), program=None)
    server.start()
    try:
        with Client.from_url(server.url) as client:
            client.set("key", "value")
            assert client.get("key") == b"value"
    finally:
        server.stop()
    assert not server.answers()


def test_a_start_that_fails_shows_the_end_of_the_log(tmp_path: Path) -> None:
    server = redis.Redis(
        base=tmp_path, port=claim(None, random.Random(), option=""), program=redis.find(allow_fake=False)
    )
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "dump.rdb").write_text("not a Redis file")
    with pytest.raises(DependencyAway, match=r"Redis ended while it was starting.*redis\.log") as away:
        server.start()
    assert "Wrong signature" in away.value.message
