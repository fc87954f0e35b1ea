"""Every metric of the scorer and of the HTTP door, with what to do about it, and every alert that is made of them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import yaml
from prometheus_client import Counter, Gauge, Histogram

from consumer import metrics
from pages import markdown
from pages.advice import ADVICE
from pages.markdown import code, table
from schemas.settings import Settings
from serving import metrics as door

Metric = Counter | Gauge | Histogram

INTRODUCTION: Final = """\
# Metrics

Each worker answers on a port of its own: the first on [`health.port`](settings.md#healthport), {port} by default, each
further one on the next.

- `/metrics`: everything below, as Prometheus text
- `/health/live`: 200 while the loop turns, else 503: start it again
- `/health/ready`: 200 once partitions were assigned and the loop turns, with a line on churn scores that cannot be
  read, else 503

Counters move when a lot is committed, so that they agree with what readers of the topics see. The values of `reason`
are explained in [dead letters](dead-letters.md), those of `mark` in [topics](topics.md#marks).
"""
DOOR: Final = """
## The HTTP door

What [`fraudstream models serve`](http.md) and `fraudstream serve` answer on `/metrics`; of several workers the sum.
"""
ALERTS: Final = """
## Alerts

They stand in `ops/alerts.yaml`, for `rule_files` of Prometheus; the dashboard's Prometheus has them already. What
pages wakes somebody up, what warns can wait until the morning. Events in the log are explained in [events](events.md).
"""
RULES: Final = Path(__file__).parents[2] / "ops" / "alerts.yaml"
BUCKETS: Final = """
## Buckets

A histogram has `_bucket`, `_sum` and `_count`. Upper bounds of the buckets, besides infinity:
"""
ENDINGS: Final = {"counter": "_total", "gauge": "", "histogram": ""}


HEADINGS: Final = ("metric", "kind", "labels", "meaning", "when all is well, and what to do otherwise")


def declared(module: ModuleType = metrics) -> list[Metric]:
    """In the order of their declaration."""
    return [each for each in vars(module).values() if isinstance(each, Metric)]


def page() -> str:
    histograms = [each for each in (*declared(), *declared(door)) if isinstance(each, Histogram)]
    return markdown.page(
        INTRODUCTION.format(port=Settings().health.port),
        table(HEADINGS, map(_row, declared())),
        DOOR,
        table(HEADINGS, map(_row, declared(door))),
        ALERTS,
        *map(_alert, alerts()),
        BUCKETS,
        table(("metric", "bounds"), ((code(_name(each)), ", ".join(_bounds(each))) for each in histograms)),
    )


def alerts() -> list[Mapping[str, Any]]:
    """In the order of the file."""
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _alert(rule: Mapping[str, Any]) -> str:
    held = f"for {rule['for']}" if rule["for"] != "0m" else "at once"
    said = rule["annotations"]
    facts = f"{rule['labels']['severity']}, {held}: `{' '.join(rule['expr'].split())}`"
    return f"### {rule['alert']}\n\n{said['summary']}\n\n{facts}\n\n**What to do:** {said['action']}"


def _row(metric: Metric) -> tuple[str, ...]:
    described = next(iter(metric.describe()))
    labels = ", ".join(map(code, metric._labelnames))  # noqa: SLF001 - no public way to ask
    return code(_name(metric)), described.type, labels, described.documentation, ADVICE[described.name]


def _name(metric: Metric) -> str:
    described = next(iter(metric.describe()))
    return f"{described.name}{ENDINGS[described.type]}"


def _bounds(metric: Histogram) -> Iterator[str]:
    return (f"{bound:g}" for bound in metric._kwargs["buckets"])  # noqa: SLF001 - no public way to ask
