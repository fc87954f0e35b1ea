"""What the facts mean, on labels that fit on one hand."""

import math

import numpy as np
import pytest
from support.labels import DAY, HOUR, NAMES, START, Facts, Label, Question, answered, learned, same

from models.labels import LabelBook, LabelParams
from schemas.errors import Misconfigured

NOON = START // DAY * DAY + 12 * HOUR
EFFECT = NOON + 7 * DAY + HOUR
"""The first boundary a minute or more after the delay."""
PURCHASE = Label(event=1, card=1, terminal=1, amount=2_500, event_time=NOON, is_fraud=False, known_at=NOON + DAY)
FRAUD = PURCHASE._replace(is_fraud=True)


def at(labels: list[Label], time: int, card: int = 1, terminal: int = 1) -> Facts:
    return answered(learned(labels), [Question(card, terminal, time)])[0]


def test_nothing_is_known_of_a_stranger() -> None:
    """Counts are 0 and the rest is NaN: unknown is never genuine."""
    facts = at([PURCHASE], EFFECT, card=2, terminal=2)
    unknown = {name for name in NAMES if math.isnan(facts[name])}
    assert unknown == {name for name in NAMES if "since" in name or "last_label" in name}
    assert not any(facts[name] for name in NAMES if name not in unknown)
    assert same(facts, answered(LabelBook(), [Question(1, 1, EFFECT)])[0])


def test_a_label_counts_from_its_step() -> None:
    """Not a millisecond before the boundary that is the delay and the grace after the event."""
    assert math.isnan(at([PURCHASE], EFFECT - 1)["card_last_label"])
    facts = at([PURCHASE], EFFECT)
    assert (facts["card_genuine_count"], facts["card_genuine_sum"], facts["card_genuine_sumsq"]) == (
        1,
        2_500,
        6_250_000.0,
    )
    assert facts["card_last_label"] == facts["terminal_last_label"] == 0.0
    assert facts["terminal_count_1d"] == 1


@pytest.mark.parametrize(("known", "first"), [(-60_000, 0), (-59_999, HOUR), (0, HOUR)])
def test_the_grace_is_before_the_boundary(known: int, first: int) -> None:
    """A label known exactly a minute before a boundary counts at that boundary, a millisecond later at the next."""
    label = FRAUD._replace(known_at=NOON + 20 * DAY + known)
    assert at([label], NOON + 20 * DAY + first)["terminal_fraud_1d"] == 1
    assert at([label], NOON + 20 * DAY + first - 1)["terminal_fraud_1d"] == 0


def test_windows_slide_over_steps() -> None:
    """A count over a day holds the steps of that day, whenever the events were."""
    for name, days in (("terminal_count_1d", 1), ("terminal_count_7d", 7), ("terminal_fraud_30d", 30)):
        assert at([FRAUD], EFFECT + days * DAY - 1)[name] == 1
        assert at([FRAUD], EFFECT + days * DAY)[name] == 0


def test_nothing_lasts_beyond_ninety_days() -> None:
    """After ninety days of steps a card or terminal is as unknown as one without labels."""
    assert at([FRAUD], EFFECT + 90 * DAY - 1)["card_days_since_fraud"] > 90
    assert same(at([FRAUD], EFFECT + 90 * DAY), at([], EFFECT))


def test_days_run_from_the_event() -> None:
    """A fraud is as old as its purchase, not as its label."""
    facts = at([FRAUD], EFFECT + 6 * HOUR)
    assert facts["card_days_since_fraud"] == facts["terminal_days_since_last_fraud"] == (7 * DAY + 7 * HOUR) / DAY


def test_a_correction_takes_the_fraud_out() -> None:
    """From the step at which it takes effect; questions before that still see the fraud."""
    corrected = NOON + 10 * DAY
    labels = [FRAUD, PURCHASE._replace(known_at=corrected - 60_000, offset=1)]
    assert same(at(labels, corrected - 1), at([FRAUD], corrected - 1))
    facts = at(labels, corrected)
    assert facts["terminal_fraud_30d"] == facts["terminal_fraud_run"] == facts["card_last_label"] == 0
    assert math.isnan(facts["card_days_since_fraud"])
    assert math.isnan(facts["terminal_days_since_first_fraud"])
    assert facts["terminal_count_30d"] == facts["terminal_count_1d"] == facts["card_genuine_count"] == 1


def test_what_is_corrected_before_it_counts_never_was() -> None:
    """Of the verdicts known by the same step the latest alone counts, however they arrive."""
    labels = [FRAUD, PURCHASE._replace(known_at=NOON + 3 * DAY, offset=1)]
    for each in (labels, labels[::-1]):
        assert same(at(each, EFFECT + DAY), at([PURCHASE], EFFECT + DAY))


def test_a_duplicate_changes_nothing() -> None:
    """The same verdict again, days later, does not move the label to another step."""
    again = FRAUD._replace(known_at=NOON + 20 * DAY, offset=1)
    for time in (EFFECT, NOON + 21 * DAY, NOON + 50 * DAY):
        assert same(at([FRAUD, again], time), at([FRAUD], time))


def test_of_a_tie_the_higher_offset_wins() -> None:
    """Verdicts with one timestamp are in the order of the log, in whichever order they are learned."""
    labels = [FRAUD._replace(offset=5), PURCHASE._replace(offset=6, known_at=FRAUD.known_at)]
    for each in (labels, labels[::-1]):
        assert at(each, EFFECT)["card_last_label"] == 0.0


def test_the_run_of_frauds_ends_at_the_newest_genuine_one() -> None:
    """Within a step frauds come last; a genuine verdict in a later step ends the run."""

    def label(event: int, hours: int, is_fraud: bool) -> Label:
        time = NOON + hours * HOUR
        return Label(event, event, 1, 100, time, is_fraud, time + DAY, offset=event)

    labels = [
        label(1, 0, True),
        label(2, 1, False),
        label(3, 2, True),
        label(4, 2, False),
        label(5, 2, True),
        label(6, 4, True),
    ]
    assert at(labels, EFFECT)["terminal_fraud_run"] == 1
    assert at(labels, EFFECT + HOUR)["terminal_fraud_run"] == 0
    assert at(labels, EFFECT + 2 * HOUR)["terminal_fraud_run"] == 2
    assert at(labels, EFFECT + 4 * HOUR)["terminal_fraud_run"] == 3
    assert at(labels, EFFECT + 4 * HOUR)["terminal_last_label"] == 1.0


def test_an_episode_ends_at_a_gap_of_more_than_thirty_days() -> None:
    """Two frauds thirty days of steps apart are one episode, an hour more makes two."""
    for gap, first in ((30 * DAY, 30 * DAY), (30 * DAY + HOUR, 0)):
        later = NOON + gap
        labels = [FRAUD, FRAUD._replace(event=2, event_time=later, known_at=later + DAY, offset=1)]
        facts = at(labels, EFFECT + gap)
        assert facts["terminal_days_since_last_fraud"] == (7 * DAY + HOUR) / DAY
        assert facts["terminal_days_since_first_fraud"] == (7 * DAY + HOUR + (first if gap == first else 0)) / DAY


def test_squares_are_exact_where_floats_are_not() -> None:
    """The sum of squares of the largest amounts is the exact integer, rounded once."""
    amounts = [10**11, 99_999_999_999, 3, 10**11 - 7]
    labels = [PURCHASE._replace(event=event, amount=amount, offset=event) for event, amount in enumerate(amounts)]
    assert at(labels, EFFECT)["card_genuine_sumsq"] == float(sum(amount**2 for amount in amounts))


def test_a_compromised_terminal_is_seen_on_every_worker() -> None:
    """Its frauds are spread over cards of six partitions; a worker with the cards of one sees them all."""
    labels = []
    for event in range(240):
        time = NOON + event * 3 * HOUR
        bad = 5 * DAY <= time - NOON < 25 * DAY
        labels.append(Label(event, event, 1, 500, time, bad, time + DAY, event % 6, event // 6, own=event % 6 == 2))
    facts = at(labels, NOON + 30 * DAY + 12 * HOUR, card=2)
    assert facts["terminal_fraud_7d"] == facts["terminal_count_7d"] == 56
    assert facts["terminal_fraud_run"] == facts["terminal_fraud_30d"] == 148
    assert facts["terminal_days_since_first_fraud"] == 25.5
    assert 7 < facts["terminal_days_since_last_fraud"] < 7.2
    mine = learned([each for each in labels if each.partition == 2])
    assert answered(mine, [Question(2, 1, NOON + 30 * DAY)])[0]["terminal_fraud_7d"] < 12


@pytest.mark.parametrize("wrong", [{"step_ms": 0}, {"step_ms": 7_000_000}, {"grace_ms": 0}, {"delay_ms": -1}])
def test_settings_that_would_leak_or_not_fit_are_refused(wrong: dict[str, int]) -> None:
    """The message names the setting and says what to do."""
    with pytest.raises(Misconfigured, match="label") as refused:
        LabelParams(**wrong)
    assert refused.value.fix


def test_columns_of_another_kind_are_refused() -> None:
    """A column of another type or length is named."""
    given = learned([PURCHASE]).labels()
    values = {name: getattr(given, name) for name in type(given).__dataclass_fields__}
    with pytest.raises(ValueError, match="amount"):
        type(given)(**values | {"amount": np.zeros(1)})
    with pytest.raises(ValueError, match="own"):
        type(given)(**values | {"own": np.zeros(2, np.bool_)})
