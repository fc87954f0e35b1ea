"""Every metric of the scorer: its name as Prometheus shows it, kind, labels and meaning."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from consumer import metrics
from pages import markdown
from pages.markdown import code, table
from schemas.settings import Settings

Metric = Counter | Gauge | Histogram

INTRODUCTION: Final = """\
# Metrics

Each worker answers on a port of its own: the first on [`health.port`](settings.md#healthport), {port} by default, each
further one on the next.

- `/metrics`: everything below, as Prometheus text
- `/health/live`: 200 while the loop turns, else 503: start it again
- `/health/ready`: 200 once partitions were assigned and the loop turns, else 503

Counters move when a lot is committed, so that they agree with what readers of the topics see. The values of `reason`
are explained in [dead letters](dead-letters.md), those of `mark` in [topics](topics.md#marks).
"""
BUCKETS: Final = """
## Buckets

A histogram has `_bucket`, `_sum` and `_count`. Upper bounds of the buckets, besides infinity:
"""
ENDINGS: Final = {"counter": "_total", "gauge": "", "histogram": ""}


def declared() -> list[Metric]:
    """In the order of their declaration."""
    return [each for each in vars(metrics).values() if isinstance(each, Metric)]


def page() -> str:
    histograms = [each for each in declared() if isinstance(each, Histogram)]
    return markdown.page(
        INTRODUCTION.format(port=Settings().health.port),
        table(("metric", "kind", "labels", "meaning"), map(_row, declared())),
        BUCKETS,
        table(("metric", "bounds"), ((code(_name(each)), ", ".join(_bounds(each))) for each in histograms)),
    )


def _row(metric: Metric) -> tuple[str, str, str, str]:
    described = next(iter(metric.describe()))
    labels = ", ".join(map(code, metric._labelnames))  # noqa: SLF001 - no public way to ask
    return code(_name(metric)), described.type, labels, described.documentation


def _name(metric: Metric) -> str:
    described = next(iter(metric.describe()))
    return f"{described.name}{ENDINGS[described.type]}"


def _bounds(metric: Histogram) -> Iterator[str]:
    return (f"{bound:g}" for bound in metric._kwargs["buckets"])  # noqa: SLF001 - no public way to ask
