"""Prometheus asks the workers, Grafana asks Prometheus, and every metric on the dashboard is one the scorer has."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from consumer import metrics
from schemas.settings import Settings

SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}


@pytest.fixture
def dashboard(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "ops" / "grafana" / "scorer.json").read_text("utf-8"))
    return found


def samples(registry: CollectorRegistry) -> set[str]:
    return {f"{each.name}{suffix}" for each in registry.collect() for suffix in SUFFIXES[each.type]}


def test_every_worker_is_scraped(settings_of: Callable[[str], Settings], root: Path) -> None:
    """There is one target per worker, at the ports the workers listen on."""
    scrape = yaml.safe_load((root / "ops" / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    settings = settings_of("scorer")
    ports = range(settings.health.port, settings.health.port + settings.score.workers)
    assert [each["static_configs"][0]["targets"] for each in scrape] == [[f"scorer:{port}" for port in ports]]


def test_grafana_is_provisioned(
    services: dict[str, Any], published: Callable[[str], Any], dashboard: dict[str, Any], root: Path
) -> None:
    """The source is our Prometheus; the dashboard lies where its provider looks and refers to that source."""
    folder = root / "ops" / "grafana"
    (source,) = yaml.safe_load((folder / "datasources.yml").read_text("utf-8"))["datasources"]
    (provider,) = yaml.safe_load((folder / "dashboards.yml").read_text("utf-8"))["providers"]
    assert source["url"] == f"http://prometheus:{published('prometheus').inside}"
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {source["uid"]}
    home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/scorer.json"
    assert f"./ops/grafana/scorer.json:{home}:ro" in services["grafana"]["volumes"]


def test_the_dashboard_shows_metrics_that_exist(dashboard: dict[str, Any]) -> None:
    """Every metric that a panel names is one the scorer has."""
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    named = set(re.findall(r"\bfraudstream_\w+", " ".join(asked)))
    assert named
    assert named <= samples(metrics.REGISTRY)


def test_panels_do_not_overlap(dashboard: dict[str, Any]) -> None:
    """Each panel has a number and a place of its own."""
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
