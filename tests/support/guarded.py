"""A Kafka that lets its own users do everything and `alice`, who logs in, only what she was granted."""

import random
import time
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from fraudstream.local import ports
from fraudstream.local.kafka import Kafka
from fraudstream.local.running import local_kafka
from schemas.settings import Settings, load

GUARDED = """
listeners=CLIENTS://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port},GUARDED://127.0.0.1:{guarded}
advertised.listeners=CLIENTS://127.0.0.1:{port},GUARDED://127.0.0.1:{guarded}
listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT,GUARDED:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.guarded.plain.sasl.jaas.config={login} required user_alice="secret";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""
LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
TOPIC, GROUP = ResourceType.TOPIC, ResourceType.GROUP


class Guarded(Kafka):
    guarded: int

    def prepare(self) -> list[str]:
        command = Kafka.prepare(self)
        numbers = {"port": self.port, "controller_port": self.controller_port, "guarded": self.guarded}
        with self.settings.open("a") as settings:
            settings.write(GUARDED.format(login=LOGIN, **numbers))
        return command

    def alice(self, settings: Settings) -> Settings:
        """The same deployment as she is to reach it."""
        login = {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": "alice",
            "sasl.password": "secret",
        }
        given = {"kafka.bootstrap": f"127.0.0.1:{self.guarded}"}
        kafka = load(given | {f"kafka.properties.{name}": value for name, value in login.items()}, env={}).kafka
        return settings.model_copy(update={"kafka": kafka})

    def grant(self, kind: ResourceType, name: str, right: AclOperation = AclOperation.READ) -> None:
        literal, allow = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
        acl = AclBinding(kind, name, literal, "User:alice", "*", right, allow)
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for granted in admin.create_acls([acl]).values():
            granted.result(10)
        time.sleep(0.5)  # the broker takes it up from the metadata log


def guarded_kafka(folder: Path) -> Guarded:
    """On free ports; starts nothing."""
    plain = local_kafka(folder)
    kafka = Guarded(
        base=plain.base,
        port=plain.port,
        controller_port=plain.controller_port,
        jars=plain.jars,
        java=plain.java,
    )
    kafka.guarded = ports.pick(random.Random(), taken={plain.port, plain.controller_port})
    return kafka
