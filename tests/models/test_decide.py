from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from models.bank import Bank
from models.cards import Terms
from models.decide import Decider, Decisions, by_rules
from models.features import FEATURE_VERSION, FEATURES, Places, row_features
from models.local_time import HOUR_MS
from models.money import Money
from models.numbers import logistic
from models.policies.exploration import explored
from models.policies.list_file import Entries, ListFile
from models.policies.lists import Lists
from models.policy import Outcome, Policy
from models.rule_examples import MONDAY_MS
from models.rules import RULES, Limits, Status, hits, margins
from schemas.errors import Misconfigured
from schemas.verdicts import Mark

Make = Callable[..., pa.RecordBatch]


PLACES = Places("UTC", ("DE",), (7995,))
BANK = Bank(PLACES)


def decider(**policy: float) -> Decider:
    return by_rules(BANK, Policy(**policy))


def decide(by: Decider, rows: pa.RecordBatch) -> Decisions:
    """As the first that is ever seen."""
    return by.decide(rows, BANK.memory().see(rows))


CASES = (
    ({}, Outcome.APPROVE, []),
    ({"amount_minor": 250_000}, Outcome.APPROVE, []),
    ({"amount_minor": 250_000, "country": "BR"}, Outcome.REVIEW, ["amount_high", "foreign_country"]),
    ({"merchant_category": 7995, "country": "BR"}, Outcome.REVIEW, ["foreign_country", "risky_category"]),
    ({"amount_minor": 900_000}, Outcome.BLOCK, ["amount_extreme", "amount_high"]),
    (
        {"amount_minor": 900_000, "country": "BR", "merchant_category": 7995, "channel": "ONLINE", "hour": 1},
        Outcome.BLOCK,
        ["amount_extreme", "amount_high", "foreign_country", "risky_category"],
    ),
)


@pytest.mark.parametrize(("row", "outcome", "reasons"), CASES)
def test_outcome_and_reasons(row: dict[str, object], outcome: Outcome, reasons: list[str], lot: Make) -> None:
    """Scores become outcomes, and flags say why: the strongest rule first, four at most, approvals nothing."""
    decided = decide(decider(), lot(row))
    assert (Outcome(int(decided.outcome[0])), decided.reasons(0)) == (outcome, reasons)


def test_a_threshold_that_is_met_is_reached() -> None:
    """A score equal to a threshold has reached it."""
    assert Policy(0.5, 0.9).outcomes(np.array([0.4999, 0.5, 0.8999, 0.9])).tolist() == [0, 1, 1, 2]


def test_the_outcome_can_be_recomputed_from_the_features(lot: Make) -> None:
    """What a decision records is enough to make it again."""
    rows = lot(*(row for row, _, _ in CASES))
    one = decide(decider(), rows)
    assert one.features.shape == (len(CASES), len(FEATURES))
    assert decider().feature_version == FEATURE_VERSION
    again = logistic(margins(hits(one.features, Limits())))
    assert one.score.tobytes() == again.tobytes()


def test_a_policy_that_one_rule_could_reach_is_refused() -> None:
    """Every flag has two reasons at least, so no threshold may be within reach of a lone rule."""
    with pytest.raises(Misconfigured, match="one rule alone"):
        decider(review_at=0.1)


def test_the_digest_follows_what_decides() -> None:
    """Whatever the margins follow from is another model, other thresholds another policy of the same."""
    base = decider()
    others = (
        Bank(Places("UTC", ("DE", "FR"), (7995,))),
        Bank(PLACES, Limits(amount_high_minor=1)),
        Bank(PLACES, money=Money("EUR", {"USD": 900_000})),
        Bank(PLACES, terms=Terms(future_ms=0)),
    )
    assert len({base.model.digest, *(by_rules(each, Policy()).model.digest for each in others)}) == 1 + len(others)
    assert by_rules(Bank(PLACES, terms=Terms(late_ms=0)), Policy()).model == base.model
    assert base.model == decider(block_at=0.95).model
    assert base.policy != decider(block_at=0.95).policy


def listing(*entries: tuple[str, str]) -> Lists:
    """Each value on its list, for ever."""
    return Lists.of(
        ListFile(
            entries=tuple(
                Entries(name=name, values=(value,), from_ms=0, until_ms=4_000_000_000_000, who="ada", why="because")
                for name, value in entries
            )
        ),
        3,
        "ab" * 32,
    )


def test_without_lists_it_is_what_it_was(lot: Make) -> None:
    """Bit for bit what rules, margins and thresholds say, with no mark and the same name of the policy."""
    rows = lot(*(row for row, _, _ in CASES))
    decided = decide(decider(), rows)
    matrix = row_features(rows, PLACES)
    margin = margins(hits(matrix, Limits()))
    assert decided.features[:, : matrix.shape[1]].tobytes() == matrix.tobytes()
    assert decided.raw_margin.tobytes() == margin.tobytes()
    assert decided.score.tobytes() == logistic(margin).tobytes()
    assert decided.outcome.tolist() == Policy().outcomes(logistic(margin)).tolist()
    assert not decided.marks.any()
    assert decider().policy == "thresholds-1 review_at=0.5 block_at=0.9"


def test_lists_change_outcomes_and_no_score(lot: Make) -> None:
    """Blocked by hand, allowed by hand, neither: the score is the same, the decision says what happened."""
    rows = lot(
        {"card_id": "stolen"},
        {"customer_id": "trusted", "amount_minor": 900_000},
        {"card_id": "stolen", "customer_id": "trusted"},
        {"amount_minor": 900_000},
    )
    lists = listing(("card_block", "stolen"), ("customer_allow", "trusted"))
    with_lists, without = decide(replace(decider(), lists=lists), rows), decide(decider(), rows)
    assert with_lists.score.tobytes() == without.score.tobytes()
    assert with_lists.outcome.tolist() == [Outcome.BLOCK, Outcome.REVIEW, Outcome.BLOCK, Outcome.BLOCK]
    assert with_lists.marks.tolist() == [Mark.LISTED, Mark.LISTED, Mark.LISTED, 0]
    assert with_lists.reasons(0) == ["listed_card", "by_hand"]
    assert with_lists.reasons(1) == ["amount_extreme", "amount_high"]
    assert with_lists.rule_codes(0) == []


def test_a_snoozed_rule_adds_nothing(lot: Make) -> None:
    """Neither to the margin nor to the rules that hit."""
    lists = listing(("rule_snooze", "foreign_country"))
    decided = decide(replace(decider(), lists=lists), lot({"country": "BR", "amount_minor": 250_000}))
    assert (decided.raw_margin[0], decided.rule_codes(0)) == (-2.0, ["amount_high"])
    assert decided.outcome[0] == Outcome.APPROVE


def test_a_broken_rule_cancels_no_decision(lot: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its margin is not added, the record is marked, and the others decide."""

    def raising(*_: object) -> None:
        raise ZeroDivisionError

    broken = replace(RULES[2], meets=raising)
    monkeypatch.setattr("models.rules.statuses.__defaults__", ((*RULES[:2], broken, *RULES[3:]),))
    decided = decide(decider(), lot({"country": "BR", "amount_minor": 900_000}))
    assert decided.raw_margin[0] == 3.0
    assert decided.marks[0] == Mark.RULE_ERROR
    assert decided.reasons(0) == ["amount_extreme", "amount_high"]


def test_what_is_explored_is_reviewed(lot: Make) -> None:
    """That share of the blocks, by event id, and nothing else."""
    rows = lot(*({"event_id": f"e{number}", "amount_minor": 900_000} for number in range(400)))
    decided = decide(replace(decider(), exploration=0.1), rows)
    lucky = explored(rows["event_id"], 0.1)
    assert 0 < lucky.sum() < 100
    assert decided.outcome.tolist() == np.where(lucky, Outcome.REVIEW, Outcome.BLOCK).tolist()
    assert decided.marks.tolist() == (lucky * int(Mark.EXPLORED)).tolist()
    assert len(decided.reasons(int(lucky.argmax()))) == 2


def test_the_policy_names_what_decides() -> None:
    """Lists by version and digest, exploration by its share: whoever recomputes needs them."""
    named = replace(decider(), lists=listing(("card_block", "a")), exploration=0.02).policy
    assert named == "thresholds-1 review_at=0.5 block_at=0.9 lists:/3 abababababab exploration=0.02"


@pytest.mark.parametrize("size", [1, 7])
def test_lots_of_any_size_decide_alike(size: int, lot: Make) -> None:
    """With lists, snoozes and exploration."""
    rows = lot(
        *(
            {"event_id": f"e{n}", "card_id": f"c{n % 9}", "amount_minor": n % 5 * 250_000, "country": "BR"}
            for n in range(100)
        )
    )
    lists = listing(("card_block", "c3"), ("card_allow", "c4"), ("rule_snooze", "foreign_country"))
    whole = replace(decider(), lists=lists, exploration=0.3)
    together, memory = decide(whole, rows), BANK.memory()
    lots = [rows.slice(start, size) for start in range(0, 100, size)]
    parts = [whole.decide(each, memory.see(each)) for each in lots]
    for name in ("features", "raw_margin", "score", "outcome", "statuses", "listed", "marks"):
        assert np.concatenate([getattr(part, name) for part in parts]).tobytes() == getattr(together, name).tobytes()
    said = [part.reasons(row) for part in parts for row in range(len(part.score))]
    assert said == [together.reasons(row) for row in range(100)]


def test_time_is_the_one_it_was_scored_as_of(lot: Make) -> None:
    """A transaction from beyond what clocks may differ by is judged as of that limit, by rules and lists alike."""
    row = {
        "event_time": MONDAY_MS + 26 * HOUR_MS,
        "timestamp": MONDAY_MS,
        "channel": "ONLINE",
        "card_id": "c",
        "amount_minor": 250_000,
    }
    tomorrow = Entries(
        name="card_block", values=("c",), from_ms=MONDAY_MS + HOUR_MS, until_ms=4_000_000_000_000, who="a", why="b"
    )
    today = Entries(
        name="rule_snooze", values=("amount_high",), from_ms=0, until_ms=MONDAY_MS + HOUR_MS, who="a", why="b"
    )
    lists = Lists.of(ListFile(entries=(tomorrow, today)), 1, "ab" * 32)
    decided = decide(replace(decider(), lists=lists), lot(row))
    assert decided.listed[0] == 0
    assert decided.rule_codes(0) == ["night_online"]
    assert decided.statuses[0, 0] == Status.SNOOZED
