"""A deployment under faults: load, workers whose steps are known, and an audit at the end."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.audit import audited
from support.deployment import Deployment, fresh_settings
from support.handshake import PATIENCE_S, Handshake, handshake, until
from support.load import STEP_MS, Load

from consumer.fail_points import STEPS
from fraudstream.local.running import Servers
from schemas.errors import RestartMe

GIVEN = {"score_start": "earliest", "output_scores": "true", "score_lot_rows": "150", "state_snapshot_every": "1s"}
LABELS = 12_000


@dataclass
class Scene:
    deployment: Deployment
    load: Load
    here: Handshake

    def slot(self, number: int = 0, **given: str) -> subprocess.Popen[bytes]:
        """One worker without a supervisor: whoever ends it starts the next."""
        return self.deployment.start("--slot", str(number), **GIVEN | given)

    def answered(self, seconds: float = PATIENCE_S) -> None:
        """All that was sent has been answered and committed."""
        until(lambda: sum(self.deployment.committed().values()) >= self.load.sent, "not all was committed", seconds)

    def staffed(self, worker: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        """Waits as `answered` does; a worker that asks to be started again is, once."""
        done = self.load.sent
        until(lambda: worker.poll() is not None or sum(self.deployment.committed().values()) >= done, "it stands still")
        return self.slot() if worker.poll() == RestartMe.exit_code else worker

    def clean(self) -> None:
        self.answered()
        toll = audited(self.deployment)
        assert toll.clean, f"{toll}: {toll.examples}\n{self.deployment.log()[-3000:]}"

    def count(self, event: str) -> int:
        return sum(each["event"] == event for each in self.deployment.events())

    def ended_by(self, process: subprocess.Popen[bytes]) -> int:
        return process.wait(timeout=60)


@contextmanager
def scene(
    servers: Servers, folder: Path, steps: tuple[str, ...] = STEPS, *, rate: float = 400.0, step_ms: int = STEP_MS
) -> Iterator[Scene]:
    settings = fresh_settings(servers, folder)
    with handshake() as here:
        deployment = Deployment(settings, folder, besides=here.variable(*steps))
        load = Load(settings, rate, step_ms=step_ms)
        load.labels(LABELS)
        try:
            yield Scene(deployment, load, here)
        finally:
            for process in deployment.running:
                if process.poll() is None:
                    process.send_signal(signal.SIGCONT)
            deployment.end()
