"""Figures of the order a score puts transactions in, ties counted as ties."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.judging.counts import Flags, ratio

Scores = NDArray[np.float64]
Integers = NDArray[np.int64]


class Curve(NamedTuple):
    """One point per distinct score, highest first: what is flagged when that score and all above it are."""

    threshold: Scores
    tp: Integers
    fp: Integers


def curve(fraud: Flags, score: Scores) -> Curve:
    order = np.argsort(-score, kind="stable")
    ranked, hit = score[order], fraud[order]
    last = np.append(np.nonzero(np.diff(ranked))[0], len(ranked) - 1) if len(ranked) else np.zeros(0, np.int64)
    tp = np.cumsum(hit, dtype=np.int64)[last]
    return Curve(ranked[last], tp, last + 1 - tp)


def average_precision(fraud: Flags, score: Scores) -> float:
    """Precision at each distinct score, weighted by the recall gained there: no interpolation."""
    points = curve(fraud, score)
    frauds = int(np.count_nonzero(fraud))
    if not frauds:
        return float("nan")
    gained = np.diff(points.tp, prepend=0) / frauds
    return float(np.sum(gained * points.tp / (points.tp + points.fp)))


def roc_auc(fraud: Flags, score: Scores) -> float:
    """The chance that a fraud scores above a genuine transaction; a tie counts half."""
    points = curve(fraud, score)
    frauds = int(np.count_nonzero(fraud))
    genuine = len(fraud) - frauds
    if not frauds or not genuine:
        return float("nan")
    below_fp = np.diff(points.fp, prepend=0)
    middle_tp = (points.tp + np.concatenate(([0], points.tp[:-1]))) / 2
    return float(np.sum(below_fp * middle_tp) / (frauds * genuine))


class CardPrecision(NamedTuple):
    """`attainable`: no ranking could do better, for want of so many defrauded cards on those days."""

    precision: float
    attainable: float


def card_precision(fraud: Flags, score: Scores, card: Integers, day: Integers, most: int) -> CardPrecision:
    """Of the `most` cards a day an investigator can call, how many were defrauded that day; averaged over days.

    A card stands where its highest score of the day does, and a card found on one day is not called again.
    """
    found: set[int] = set()
    precisions, attainable = [], []
    for today in np.unique(day):
        rows = np.nonzero((day == today) & ~np.isin(card, np.fromiter(found, np.int64, len(found))))[0]
        cards, first = np.unique(card[rows], return_inverse=True)
        best = np.full(len(cards), -np.inf)
        np.maximum.at(best, first, score[rows])
        bad = np.zeros(len(cards), np.bool_)
        np.logical_or.at(bad, first, fraud[rows])
        called = np.lexsort((cards, -best))[:most]
        precisions.append(ratio(int(np.count_nonzero(bad[called])), most))
        attainable.append(ratio(min(most, int(np.count_nonzero(bad))), most))
        found |= set(cards[called][bad[called]].tolist())
    if not precisions:
        return CardPrecision(float("nan"), float("nan"))
    return CardPrecision(float(np.mean(precisions)), float(np.mean(attainable)))
