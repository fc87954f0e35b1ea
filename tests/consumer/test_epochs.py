from dataclasses import replace

from consumer.epochs import Circumstances, Epochs
from consumer.lots import Span
from models.decide import ModelRef

NOW = Circumstances(ModelRef("rules", "1", "abc"), "policy", 1, "g1", ())
LATER = replace(NOW, churn_generation="g2")


def spans(*firsts: int) -> dict[int, Span]:
    return {partition: Span(first, first, first + 10) for partition, first in enumerate(firsts)}


def test_the_first_lot_begins_an_epoch_in_each_partition() -> None:
    """An epoch is named by the first offset it holds for."""
    epochs = Epochs("1.0", "app-node-0")
    begun = epochs.enter(spans(5, 7), NOW)
    assert {partition: record["first_offset"] for partition, record in begun.items()} == {0: 5, 1: 7}
    assert begun[1]["worker"] == "app-node-0"
    assert begun[1]["model"] == {"name": "rules", "version": "1", "digest": "abc"}


def test_unchanged_circumstances_go_on_with_the_epoch() -> None:
    """No record is written while nothing changes, and decisions keep pointing at the epoch's start."""
    epochs = Epochs("1.0", "w")
    epochs.enter(spans(5), NOW)
    assert epochs.enter(spans(15), NOW) == {}
    assert epochs.first_offset(0) == 5


def test_new_circumstances_begin_a_new_epoch() -> None:
    """Another churn generation is written down with the first lot that uses it."""
    epochs = Epochs("1.0", "w")
    epochs.enter(spans(5), NOW)
    begun = epochs.enter(spans(15), LATER)
    assert begun[0]["churn_generation"] == "g2"
    assert epochs.first_offset(0) == 15


def test_after_an_assignment_every_partition_begins_anew() -> None:
    """Another owner may have said something else in between."""
    epochs = Epochs("1.0", "w")
    epochs.enter(spans(5), NOW)
    epochs.forget()
    assert 0 in epochs.enter(spans(15), NOW)
