"""Brings a crashed node's metadata into order before the node itself comes back.

After a crash the metadata still says that the broker is there and leads its partitions. Started at once, it takes them
up, loses them to its own expired session, and gets them back; a transaction whose commit was in progress is then now
and again written off as complete without its marker, and readers of committed records stand still behind it for ever.
So its controller runs alone first, with a session of a moment, until it has declared the broker gone. That also saves
the three seconds which the node would otherwise wait for its own old session to expire.
"""

import time
from pathlib import Path

from fraudstream.local.ports import HOST
from fraudstream.local.process import Process

_SETTINGS = """\
process.roles=controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=CONTROLLER://{host}:{controller_port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={data}
broker.session.timeout.ms=100
broker.heartbeat.interval.ms=50
"""
# What the controller says when it starts to count, when it decides, and when all it has decided is on the disk.
_ACTIVE, _DECIDED, _WRITTEN = "Performing controller activation", "Fencing broker 1 at epoch", "purgatory is empty"
LOGGING = "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.controller.QuorumController=debug"
_STARTS_WITHIN, _FENCES_WITHIN = 20.0, 3.0
_POLL = 0.02


def has_crashed(data: Path) -> bool:
    """True for a folder in which a node has run, and did not end in order the last time."""
    return (data / "__cluster_metadata-0").is_dir() and not (data / ".kafka_cleanshutdown").exists()


def settings(data: Path, controller_port: int) -> str:
    return _SETTINGS.format(host=HOST, controller_port=controller_port, data=data)


def wait_until_fenced(controller: Process, log: Path) -> None:
    """Also returns when there was nothing to fence, or when it ended: the start that follows will say why."""
    deadline = time.monotonic() + _STARTS_WITHIN
    is_active = False
    while controller.is_alive() and time.monotonic() < deadline:
        said = log.read_text(errors="replace")
        if _WRITTEN in said.partition(_DECIDED)[2]:
            return
        if not is_active and _ACTIVE in said:
            is_active, deadline = True, time.monotonic() + _FENCES_WITHIN
        time.sleep(_POLL)
