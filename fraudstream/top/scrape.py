"""One answer of a worker's /metrics, as numbers by name and labels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scrape:
    """`at` is when it was asked for, in Unix time. What a worker does not say is absent, never zero."""

    at: float
    samples: Mapping[str, Mapping[frozenset[tuple[str, str]], float]]

    def value(self, name: str, **labels: str) -> float | None:
        return self.samples.get(name, {}).get(frozenset(labels.items()))

    def by(self, name: str, label: str) -> dict[str, float]:
        """Summed over all other labels, in the order of the label."""
        found: dict[str, float] = {}
        for labels, value in self.each(name):
            found[labels.get(label, "")] = found.get(labels.get(label, ""), 0.0) + value
        return dict(sorted(found.items()))

    def each(self, name: str) -> Iterator[tuple[Labels, float]]:
        for labels, value in self.samples.get(name, {}).items():
            yield dict(labels), value

    def info(self, name: str) -> Labels:
        """The labels of a metric that is always 1; of several, those that were set last."""
        return next((labels for labels, value in reversed([*self.each(name)]) if value), {})


def parse(text: str, at: float) -> Scrape:
    """Raises ValueError for what is not Prometheus text."""
    samples: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return Scrape(at, samples)
