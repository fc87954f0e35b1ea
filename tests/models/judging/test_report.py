import json
from collections.abc import Callable
from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from models.judging.contender import Contender, accept_all, rules_only
from models.judging.figures import Report
from models.judging.ranking import average_precision, card_precision
from models.judging.report import judge
from models.judging.rows import Rows
from models.judging.shares import Shares
from models.judging.thresholds import NOTHING, Costs, Thresholds, cost
from models.rules import RULES
from schemas.errors import Usage

Make = Callable[..., Report]


def table(tp: int, fp: int, fn: int, tn: int) -> tuple[Rows, Contender]:
    """Rows with these counts at 0.5."""
    fraud = np.repeat([True, False, True, False], (tp, fp, fn, tn))
    score = np.repeat([0.9, 0.9, 0.1, 0.1], (tp, fp, fn, tn))
    count = len(fraud)
    rows = Rows(fraud, np.ones(count, bool), np.full(count, 100), np.arange(count), np.arange(count) % 7)
    return rows, Contender("model", score, Thresholds(0.5, 0.95))


def test_the_textbook_example() -> None:
    """400 found, 100 false alarms, 50 missed, 450 left alone, through the whole report."""
    rows, contender = table(400, 100, 50, 450)
    found = judge(rows, [contender], Costs(), 0, draws=5).first.review.tally
    figures = [found.precision, found.recall, found.accuracy, found.f1, found.fpr, found.mcc]
    assert [f"{each:.4f}" for each in figures] == ["0.8000", "0.8889", "0.8500", "0.8421", "0.1818", "0.7035"]


def test_the_same_arguments_give_the_same_bytes(make: Make) -> None:
    """And what is written reads back."""
    first, second = make(), make()
    assert first.to_bytes() == second.to_bytes()
    assert Report.from_bytes(first.to_bytes()).to_bytes() == first.to_bytes()


def test_what_is_not_a_number_is_null() -> None:
    """A week without fraud gives JSON that every reader takes."""
    rows, contender = table(0, 5, 0, 20)
    content = judge(rows, [contender, accept_all(25)], Costs(), 0, draws=5).to_bytes()
    said = json.loads(content, parse_constant=pytest.fail)
    assert said["contenders"][0]["average_precision"] is None
    assert isnan(Report.from_bytes(content).first.auc)


def test_nothing_at_all_is_a_report_too() -> None:
    """No rows: no figures, no crash."""
    none = np.zeros(0, np.int64)
    rows = Rows(none > 0, none > 0, none, none, none)
    report = judge(rows, [Contender("model", none * 1.0, Thresholds(0.5, 0.9)), accept_all(0)], Costs(), 0, draws=5)
    assert (report.data.rows, report.data.first_day) == (0, "")
    assert isnan(report.first.review.tally.recall)
    assert Report.from_bytes(report.to_bytes()).to_bytes() == report.to_bytes()


def test_a_report_that_was_damaged_is_named(make: Make) -> None:
    """With the place."""
    said = json.loads(make().to_bytes())
    said["contenders"][0]["auc"] = "high"
    with pytest.raises(Usage, match=r"contenders\.0\.auc"):
        Report.from_bytes(json.dumps(said).encode())


def test_only_known_outcomes_count(make: Make, rows: Rows, entered: list[Contender]) -> None:
    """What unknown rows say of fraud changes nothing but the alerts they make."""
    flipped = replace(rows, fraud=rows.fraud ^ ~rows.known)
    other = judge(flipped, entered, Costs(), 7, draws=40, cards_called=5)
    assert other.facts()["contenders"] == make().facts()["contenders"]
    report = make()
    assert report.data.known == int(rows.known.sum())
    assert report.data.unknown_share == pytest.approx(float((~rows.known).mean()))
    alerts = int(np.count_nonzero(entered[0].score >= 0.3))
    assert report.first.review.alerts_per_day == pytest.approx(alerts / 7)
    assert report.first.review.tally.tp + report.first.review.tally.fp < alerts


def test_figures_are_those_of_their_definitions(make: Make, rows: Rows, entered: list[Contender]) -> None:
    """Ranking, cards, cost, amounts, what was attainable."""
    known, score = rows.settled(), entered[0].score[rows.known]
    first, hit = make().first, score >= 0.3
    assert first.average_precision == average_precision(known.fraud, score)
    shifted = (known.card - np.uint64(2**63)).astype(np.int64)
    cards = card_precision(known.fraud, score, shifted, known.day, 5)
    assert (first.cards.precision, first.cards.attainable) == pytest.approx(tuple(cards))
    assert first.cost_per_row * len(known) == pytest.approx(
        cost(known.fraud, score, known.amount, entered[0].at, Costs())
    )
    assert first.review.value.caught_minor == known.amount[known.fraud & hit].sum()
    assert first.review.value.share == pytest.approx(
        known.amount[known.fraud & hit].sum() / known.amount[known.fraud].sum()
    )
    critical = known.amount >= 10_000
    assert first.review.critical.recall == pytest.approx(hit[known.fraud & critical].mean())
    assert known.attainable is not None
    assert first.review.attainable_recall == pytest.approx(hit[known.attainable].mean())
    assert first.review.critical_attainable_recall == pytest.approx(hit[known.attainable & critical].mean())


def test_scenarios_have_figures_of_their_own(make: Make, rows: Rows) -> None:
    """Each by its name, with what of it was attainable."""
    found = {each.name: each for each in make().first.scenarios}
    assert sorted(found) == [
        "account_takeover",
        "card_testing",
        "compromised_terminal",
        "friendly_fraud",
        "stolen_card",
    ]
    assert sum(each.frauds for each in found.values()) == make().data.frauds
    assert found["friendly_fraud"].attainable == 0
    assert isnan(found["friendly_fraud"].attainable_recall)
    assert found["stolen_card"].attainable_recall == found["stolen_card"].review_recall


def test_without_ground_truth_nobody_says_what_was_attainable(rows: Rows, entered: list[Contender]) -> None:
    """Not a number rather than a guess."""
    report = judge(replace(rows, scenario=None, attainable=None), entered, Costs(), 7, draws=5)
    assert report.first.scenarios == []
    assert report.data.attainable is None
    assert isnan(report.first.review.attainable_recall)


def test_the_better_one_leads_at_equal_alerts(make: Make) -> None:
    """Beyond chance; turned around, the lead is a lag."""
    poor = make().leads[0]
    assert poor.name == "poor"
    assert min(poor.recall.low, poor.average_precision.low, poor.auc.low, poor.saved_per_row.low) > 0


def test_the_lead_turns_around(rows: Rows, entered: list[Contender]) -> None:
    """What ranks worse is below zero against what ranks better."""
    lag = judge(rows, [entered[1], entered[0]], Costs(), 7, draws=40).leads[0]
    assert max(lag.recall.high, lag.average_precision.high, lag.auc.high) < 0


def test_nobody_leads_against_an_equal(rows: Rows, entered: list[Contender]) -> None:
    """Other thresholds on the same ranking are no lead: alerts are made equal."""
    twin = Contender("twin", entered[0].score, Thresholds(0.05, 0.1))
    lead = judge(rows, [entered[0], twin], Costs(), 7, draws=20).leads[0]
    for span in (lead.recall, lead.precision, lead.average_precision, lead.auc, lead.value_share, lead.saved_per_row):
        assert (span.low, span.high) == pytest.approx((0.0, 0.0), abs=1e-9)


def test_doing_nothing_is_a_contender() -> None:
    """It flags nothing, loses all of the fraud, and has the accuracy that people are proud of."""
    rows, contender = table(5, 10, 5, 980)
    found = judge(rows, [contender, accept_all(1_000)], Costs(), 0, draws=5).contenders[1]
    assert (found.review.tally.recall, found.review.alerts_per_day, found.auc) == (0.0, 0.0, 0.5)
    assert found.cost_per_row == pytest.approx(10 * 100 / 1_000)
    assert found.review.tally.accuracy == pytest.approx(0.99)


def test_the_rules_score_as_they_decide() -> None:
    """The logistic of the sum of what hit."""
    hits = np.zeros((2, len(RULES)), np.bool_)
    hits[1, [rule.code for rule in RULES].index("amount_extreme")] = True
    found = rules_only(hits, Thresholds(0.5, NOTHING))
    assert found.score == pytest.approx([1 / (1 + np.exp(5)), 0.5])


@pytest.mark.parametrize("score", [np.nan, -0.1, 1.5])
def test_scores_are_probabilities(score: float) -> None:
    """A margin would be read as a certainty."""
    with pytest.raises(Usage, match="row 1"):
        Contender("model", np.array([0.5, score]), Thresholds(0.5, 0.9))


def test_names_tell_contenders_apart(rows: Rows, entered: list[Contender]) -> None:
    """Two of one name would be one in every table."""
    for wrong in ([], [entered[0], entered[0]]):
        with pytest.raises(Usage, match="contenders"):
            judge(rows, wrong, Costs(), 0)


def test_three_kinds_of_thresholds_stand_side_by_side(make: Make, rows: Rows, entered: list[Contender]) -> None:
    """Each with what it does on the test week; one is live, and that is what the contender has."""
    recall, live = make().choices
    assert (recall.kind, live.kind, live.live) == ("recall", "cost", True)
    assert live.review == make().first.review
    assert live.cost_per_row == make().first.cost_per_row
    assert recall.review.tally.recall > live.review.tally.recall
    shares = Shares.at(entered[0].score, Thresholds(0.2, 0.9))
    assert recall.review.alerts_per_day == pytest.approx(shares.alert.sum() / 7)
