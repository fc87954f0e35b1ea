"""A real broker loses the end of the input and goes on with other records in its place."""

from pathlib import Path

import pytest
from support.cut import cut
from support.scene import scene

from fraudstream.local.running import running
from schemas.errors import Misconfigured

BURST = 600
LOST = 40


@pytest.mark.timeout(300)
def test_a_log_that_was_cut_below_what_was_answered(tmp_path: Path) -> None:
    """The worker does not take the others for those that it had answered; where it goes on, somebody decides."""
    with running(tmp_path / "servers") as servers, scene(servers, tmp_path) as on:
        worker = on.slot()
        for _ in range(6):
            on.load.burst(BURST // 6)
            on.answered()
        assert on.deployment.stop(worker) == 0
        committed = on.deployment.committed()
        topic = on.deployment.settings.topics.transactions
        cut(servers.kafka, topic, 0, committed[0] - LOST)
        on.load.burst(BURST)
        assert on.ended_by(on.slot()) == Misconfigured.exit_code
        assert "is not the one that was answered" in on.deployment.log()
