"""What happened between two answers of a worker: its counters and histograms only grow, until it is started anew."""

import math
from collections.abc import Iterable, Mapping

from fraudstream.top.scrape import Scrape

Buckets = Mapping[float, float]
"""By upper bound, how many were at most that."""
LAST: float = math.inf


def grown(before: Scrape | None, after: Scrape, name: str, label: str) -> dict[str, float]:
    """By that label, how much a counter has grown; all of it where the worker is new."""
    earlier = before.by(name, label) if before else {}
    return {each: _growth(earlier.get(each, 0.0), value) for each, value in after.by(name, label).items()}


def observed(before: Scrape | None, after: Scrape, name: str, **labels: str) -> Buckets:
    """What a histogram has counted, in buckets as it has them."""
    earlier = _buckets(before, name, labels) if before else {}
    later = _buckets(after, name, labels)
    anew = any(later.get(bound, 0.0) < count for bound, count in earlier.items())
    return {bound: count - (0.0 if anew else earlier.get(bound, 0.0)) for bound, count in later.items()}


def together(several: Iterable[Buckets]) -> Buckets:
    """Of several workers; they have the same bounds, or come from different releases and are counted where they fit."""
    found: dict[float, float] = {}
    for each in several:
        for bound, count in each.items():
            found[bound] = found.get(bound, 0.0) + count
    return dict(sorted(found.items()))


def quantile(buckets: Buckets, share: float) -> float | None:
    """As Prometheus does it: evenly within a bucket; beyond the last bound there is but that bound. None: nothing."""
    total = buckets.get(LAST, 0.0)
    if not total:
        return None
    low, below = 0.0, 0.0
    for bound, count in sorted(buckets.items()):
        if count >= share * total:
            if bound == LAST:
                return low
            return low + (bound - low) * (share * total - below) / (count - below) if count > below else bound
        low, below = bound, count
    return low


def _growth(before: float, after: float) -> float:
    return after - before if after >= before else after


def _buckets(scrape: Scrape, name: str, labels: Mapping[str, str]) -> dict[float, float]:
    wanted = labels.items()
    found = {float(each["le"]): count for each, count in scrape.each(f"{name}_bucket") if wanted <= each.items()}
    return dict(sorted(found.items()))
