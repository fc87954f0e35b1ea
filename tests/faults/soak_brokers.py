"""One of three brokers is lost while workers score, and comes back."""

from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from support.cluster import Cluster, cluster
from support.handshake import until
from support.scene import GIVEN, scene

MORE = 1_500


@pytest.mark.timeout(600)
def test_a_broker_of_three_that_is_lost(tmp_path: Path) -> None:
    """The others go on: all is answered while it is away, and nothing is lost or doubled, whichever of them it was."""
    with cluster(tmp_path / "brokers") as brokers, scene(brokers, tmp_path) as on:
        process = on.deployment.start("--workers", "2", **GIVEN)
        on.load.burst(MORE)
        on.answered(120)
        for node in brokers.nodes:
            with on.load:
                node.kill()
                sent = on.load.sent
                until(lambda sent=sent: on.load.sent > sent + MORE, "nothing could be sent without it")
            on.answered(120)
            node.start()
            in_sync(brokers)
        assert on.deployment.stop(process) == 0
        on.clean()
        assert on.load.sent > 4 * MORE


def in_sync(brokers: Cluster) -> None:
    """Every replica of every partition: or the next one that goes would be the second."""
    client = AdminClient({"bootstrap.servers": brokers.bootstrap, "log_level": 0})

    def whole() -> bool:
        topics = client.list_topics(timeout=10).topics.values()
        return all(len(each.isrs) == len(each.replicas) for topic in topics for each in topic.partitions.values())

    until(whole, "the replicas do not catch up")
