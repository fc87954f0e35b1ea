"""One Kafka node, broker and controller in one, that is ready when `wait` returns: it answers, not only listens.

The data stays in its folder: stop, kill and start again as often as you like, on the same port.
"""

import base64
import subprocess
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from fraudstream.local import fence
from fraudstream.local.ports import HOST, accepts
from fraudstream.local.server import Server

Profile = Literal["small", "throughput"]

_JVM: dict[Profile, list[str]] = {
    # Up in half the time and content with 512 MB: tests, demo, development.
    "small": ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
    "throughput": ["-Xms1g", "-Xmx1g", "-XX:+UseG1GC"],
}
_LOGGING = [
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS",
    # Two thousand lines of every setting's value, at each start.
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",
]
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=CLIENTS://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=CLIENTS://{host}:{port}
listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENTS
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=8
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=1000
"""


@dataclass(slots=True, kw_only=True)
class Kafka(Server):
    controller_port: int
    jars: Path
    java: Path
    profile: Profile = "small"

    name = "Kafka"
    settings_name = "server.properties"
    ready_within = 60.0
    grace = 15.0

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.port}"

    def prepare(self) -> list[str]:
        data = self.folder / "data"
        ports = {"port": self.port, "controller_port": self.controller_port}
        self.settings.write_text(_SETTINGS.format(host=HOST, data=data, **ports))
        if not (data / "meta.properties").exists():
            self._format()
        elif fence.has_crashed(data):
            self._fence(data)
        return self._java("kafka.Kafka", str(self.settings))

    def answers(self) -> bool:
        """True when a client is given the cluster's metadata with the broker in it."""
        return answers(self.port)

    def _java(self, main: str, *arguments: str, flags: Iterable[str] = ()) -> list[str]:
        scratch = f"-Djava.io.tmpdir={self.folder / 'tmp'}"
        all_flags = [*_JVM[self.profile], "-XX:-UsePerfData", scratch, *_LOGGING, *flags]
        return [str(self.java), *all_flags, "-cp", f"{self.jars}/*", main, *arguments]

    def _fence(self, data: Path) -> None:
        alone = self.folder / "controller.properties"
        alone.write_text(fence.settings(data, self.controller_port))
        log = self.folder / "controller.log"
        log.unlink(missing_ok=True)
        command = self._java("kafka.Kafka", str(alone), flags=[fence.LOGGING])
        controller = self.launch(command, log=log, mark=str(alone))
        try:
            fence.wait_until_fenced(controller, log)
        finally:
            controller.stop(self.grace)
            self.forget(controller)

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", str(self.settings))
        done = subprocess.run(self._java(*tool), capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)  # noqa: S603
        if done.returncode != 0:
            self.log.write_text(done.stdout + done.stderr)
            raise self.failed("could not format its storage")


def answers(port: int) -> bool:
    if not accepts(port):
        return False
    client = AdminClient({"bootstrap.servers": f"{HOST}:{port}", "log_level": 0, "socket.timeout.ms": 2000})
    try:
        return bool(client.list_topics(timeout=2).brokers)
    except KafkaException:
        return False
