"""A commit whose request or reply is held or lost on its way: the broker alone knows whether it went through."""

from collections.abc import Iterator

import pytest
from support.handshake import until
from support.proxy import How, Proxy, behind_a_proxy
from support.scene import Scene, scene

from fraudstream.local.running import Servers

BURST = 400


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Servers, Proxy]]:
    with behind_a_proxy(tmp_path_factory.mktemp("line")) as both:
        yield both


@pytest.fixture(scope="module")
def on(line: tuple[Servers, Proxy], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(line[0], tmp_path_factory.mktemp("replies")) as set_up:
        process = set_up.deployment.start("--workers", "1", score_start="earliest", output_scores="true")
        yield set_up
        assert set_up.deployment.stop(process) == 0


def test_a_reply_that_is_lost(on: Scene, line: tuple[Servers, Proxy]) -> None:
    """The line is cut when the broker has committed: asked again, or resolved, and nothing is doubled."""
    fault = line[1].strike("cut the reply")
    on.load.burst(BURST)
    assert fault.struck.wait(60)
    on.clean()


@pytest.mark.parametrize("how", ["hold the reply", "hold the request"])
def test_a_commit_that_is_held(on: Scene, line: tuple[Servers, Proxy], how: How) -> None:
    """Longer than a call may take: another producer asks what became of it; what comes late changes nothing."""
    troubles = on.count("checkpoint.failed") + on.count("slot.died")
    fault = line[1].strike(how)
    on.load.burst(BURST)
    assert fault.struck.wait(60)
    until(lambda: on.count("checkpoint.failed") + on.count("slot.died") > troubles, "nobody noticed")
    on.load.burst(BURST)
    on.answered()
    fault.released.set()
    on.load.burst(BURST)
    on.clean()
