"""Workers that end, fail or stand still at a known step of the checkpoint; what readers see afterwards is audited."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.handshake import until
from support.scene import Scene, scene

from fraudstream.local.running import Servers
from schemas.topics import Role

BURST = 400


@dataclass
class Stage:
    """One deployment for all of these tests; whoever ends its worker starts the next one."""

    scene: Scene
    worker: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def stage(services: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with scene(services, tmp_path_factory.mktemp("steps")) as set_up:
        yield Stage(set_up, set_up.slot())


def uncommitted(scene: Scene) -> bool:
    """Whether there are records that nobody has committed."""
    read = scene.deployment.read
    return len(read(Role.SCORES, "read_uncommitted").messages) > len(read(Role.SCORES).messages)


@pytest.mark.parametrize("step", ["computed", "begun", "produced", "offsets_sent", "committed", "advanced", "snapshot"])
def test_a_worker_that_is_killed_there(stage: Stage, step: str) -> None:
    """Its successor answers what was not committed, and nothing else."""
    here = stage.scene.here
    here.hold(lambda each: each.step == step)
    stage.scene.load.burst(BURST)
    held = here.held()
    assert held is not None
    if step == "produced":
        until(lambda: uncommitted(stage.scene), "its records are not on the broker")
    held.kill()
    assert stage.scene.ended_by(stage.worker) == -9
    stage.worker = stage.scene.slot()
    stage.scene.clean()


@pytest.mark.parametrize("step", ["begun", "produced", "offsets_sent", "committed"])
def test_a_call_whose_answer_does_not_come(stage: Stage, step: str) -> None:
    """The producer is recycled and the broker asked; the process stays, and publishes again only what is not in."""
    failed, started = stage.scene.count("checkpoint.failed"), stage.scene.count("fail_points.armed")
    stage.scene.here.hold(lambda each: each.step == step)
    stage.scene.load.burst(BURST)
    held = stage.scene.here.held()
    assert held is not None
    held.fail()
    stage.scene.clean()
    assert stage.scene.count("checkpoint.failed") == failed + 1
    assert stage.scene.count("fail_points.armed") == started
    assert stage.worker.poll() is None


@pytest.mark.parametrize("step", ["produced", "offsets_sent", "committed"])
def test_a_worker_that_stands_still_while_its_successor_works(stage: Stage, step: str) -> None:
    """It is fenced when it goes on: what it had begun is not committed any more, what it had committed stays.

    Where it believes that it has committed it makes a new producer first, which fences the successor once.
    """
    stage.scene.here.hold(lambda each: each.step == step)
    stage.scene.load.burst(BURST)
    held = stage.scene.here.held()
    assert held is not None
    held.freeze()
    zombie, stage.worker = stage.worker, stage.scene.slot()
    stage.scene.answered()
    assert zombie.poll() is None
    held.thaw()
    assert stage.scene.ended_by(zombie) == 75
    stage.scene.load.burst(BURST)
    stage.worker = stage.scene.staffed(stage.worker)
    stage.scene.clean()
