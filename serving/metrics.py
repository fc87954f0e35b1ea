"""Every metric of the HTTP door, declared once; the reference page is made from this file."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, multiprocess

REGISTRY: Final = CollectorRegistry()

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Set for each of several workers: they count in files of one folder, and any of them tells the sum."""
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
ROWS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 16384)

REQUESTS: Final = Counter(
    "fraudstream_http_requests", "Requests answered, by route and status.", ["route", "status"], registry=REGISTRY
)
REQUEST_SECONDS: Final = Histogram(
    "fraudstream_http_request_seconds",
    "Seconds from a request's headers to the end of its answer, by route.",
    ["route"],
    buckets=SECONDS,
    registry=REGISTRY,
)
PREDICTIONS: Final = Counter("fraudstream_http_predictions", "Rows that were predicted.", registry=REGISTRY)
BATCH_ROWS: Final = Histogram(
    "fraudstream_http_batch_rows",
    "Rows that the model saw at once, of one or several requests.",
    buckets=ROWS,
    registry=REGISTRY,
)
PREDICT_SECONDS: Final = Histogram(
    "fraudstream_http_predict_seconds", "Seconds the model took for a batch.", buckets=SECONDS, registry=REGISTRY
)
QUEUE_ROWS: Final = Gauge(
    "fraudstream_http_queue_rows",
    "Rows that wait for the model.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
QUEUE_BYTES: Final = Gauge(
    "fraudstream_http_queue_bytes",
    "Bytes of bodies that are being read or wait for the model.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
CONNECTIONS: Final = Gauge(
    "fraudstream_http_connections", "Open connections.", registry=REGISTRY, multiprocess_mode="livesum"
)
SLOW_CLIENTS: Final = Counter(
    "fraudstream_http_slow_clients",
    "Connections closed because of a client that took too long, by what it was slow with: headers, body, answer.",
    ["what"],
    registry=REGISTRY,
)
MODEL_RELOADS: Final = Counter(
    "fraudstream_http_model_reloads",
    "Models that became live while the door was open, by what came of it: loaded, failed.",
    ["outcome"],
    registry=REGISTRY,
)

_requests: Final[dict[tuple[str, int], Counter]] = {}
_seconds: Final[dict[str, Histogram]] = {}


def observe(route: str, status: int, seconds: float) -> None:
    """A request is done; children are remembered, since looking them up costs more than counting."""
    counted = _requests.get((route, status))
    if counted is None:
        counted = _requests[route, status] = REQUESTS.labels(route, str(status))
    counted.inc()
    timed = _seconds.get(route)
    if timed is None:
        timed = _seconds[route] = REQUEST_SECONDS.labels(route)
    timed.observe(seconds)


def registry() -> CollectorRegistry:
    """What is told: of this process, or of all workers that share its port."""
    folder = os.environ.get(SHARED)
    if folder is None:
        return REGISTRY
    _forget_the_dead(Path(folder))
    shared = CollectorRegistry()
    multiprocess.MultiProcessCollector(shared)  # type: ignore[no-untyped-call] # the library's
    return shared


def _forget_the_dead(folder: Path) -> None:
    """Nobody is connected to a worker that is gone; what it counted stays."""
    for path in folder.glob("gauge_live*_*.db"):
        if not Path("/proc", path.stem.rpartition("_")[2]).exists():
            with suppress(OSError):
                path.unlink()
