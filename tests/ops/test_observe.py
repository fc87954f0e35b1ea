"""Prometheus asks the workers, Grafana asks Prometheus, and every metric on the dashboard is one the scorer has."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

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


NAMES = re.compile(r"\bfraudstream_\w+")
LABELED = re.compile(r"\b(fraudstream_\w+)\{([^}]*)\}")
GROUPED = re.compile(r"\bby \(([^)]*)\)")
DURATION = re.compile(r"\d+[smhd]")


@pytest.fixture
def alerts(root: Path) -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((root / "ops" / "alerts.yaml").read_text("utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def labels_of(name: str) -> set[str]:
    """What a metric can be told apart by."""
    ours = [each for each in vars(metrics).values() if isinstance(each, Counter | Gauge | Histogram)]
    declared = {next(iter(each.describe())).name: each for each in ours}
    return set(declared[re.sub(r"_(total|bucket|sum|count)$", "", name)]._labelnames) | {"le"}


def test_alerts_are_on_metrics_that_exist(alerts: list[dict[str, Any]]) -> None:
    """Every metric that an alert names is one the scorer has, and so is every label it asks for."""
    for alert in alerts:
        asked = alert["expr"]
        named = set(NAMES.findall(asked))
        assert named <= samples(metrics.REGISTRY), alert["alert"]
        assert named or "up{" in asked, alert["alert"]
        for name, matchers in LABELED.findall(asked):
            assert {each.partition("=")[0].rstrip("!") for each in matchers.split(",")} <= labels_of(name)
        for grouped in GROUPED.findall(asked):
            wanted = {each.strip() for each in grouped.split(",")}
            assert any(wanted <= labels_of(name) for name in named), alert["alert"]


def test_alerts_are_whole(alerts: list[dict[str, Any]]) -> None:
    """Each has a name of its own, an expression that closes what it opens, a time, a severity and two sentences."""
    assert len({each["alert"] for each in alerts}) == len(alerts)
    for alert in alerts:
        assert set(alert) == {"alert", "expr", "for", "labels", "annotations"}
        assert alert["alert"].startswith("Fraudstream")
        assert all(alert["expr"].count(opened) == alert["expr"].count(closed) for opened, closed in ("()", "{}", "[]"))
        assert DURATION.fullmatch(alert["for"])
        assert alert["labels"]["severity"] in {"page", "warn"}
        assert {name: words[-1] for name, words in alert["annotations"].items()} == {"summary": ".", "action": "."}


def test_prometheus_has_the_alerts(services: dict[str, Any], root: Path) -> None:
    """The file lies where Prometheus looks for it."""
    (named,) = yaml.safe_load((root / "ops" / "prometheus.yml").read_text("utf-8"))["rule_files"]
    assert f"./ops/{named}:/etc/prometheus/{named}:ro" in services["prometheus"]["volumes"]


def test_degradations_are_told_in_the_alert(alerts: list[dict[str, Any]]) -> None:
    """Whoever is woken by one reads what it is."""
    (alert,) = (each for each in alerts if each["alert"] == "FraudstreamDegraded")
    for name in (*metrics.DEGRADATIONS, metrics.SNAPSHOTS_FAILING):
        assert name in alert["annotations"]["action"]


def test_panels_do_not_overlap(dashboard: dict[str, Any]) -> None:
    """Each panel has a number and a place of its own."""
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
