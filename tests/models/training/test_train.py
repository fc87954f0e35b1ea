"""What teaches, picks and judges is what was known by then; the same past and seed give the same model."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from support.simulated import DAY_MS, START_MS, Simulated, builder
from threadpoolctl import threadpool_limits

from models.artefact.content import content_digest
from models.features import FEATURES
from models.judging.ranking import average_precision, roc_auc
from models.judging.splits import Lengths, Period
from models.labels import LabelParams
from models.training import estimators
from models.training.aims import KINDS, Aims
from models.training.past import Past, gather
from models.training.scorer import Scorer
from models.training.train import Recipe, train
from models.training.windows import Dates, Windows
from schemas.errors import Usage
from schemas.verdicts import Mark

PARAMS = LabelParams()
WINDOWS = Windows(Lengths(warm_up=10, train=20, gap=7, pick=5, test=5), folds=2)


def quiet(_what: str, _count: int) -> None:
    pass


@pytest.fixture(scope="module")
def source() -> Simulated:
    return Simulated.of(1_000, 21, 64)


@pytest.fixture(scope="module")
def past(source: Simulated) -> Past:
    return gather(source, builder(), PARAMS, keep_ms=WINDOWS.keep_ms, gap_days=7, say=quiet)


def test_what_is_no_longer_needed_is_not_kept(source: Simulated, past: Past) -> None:
    """Rows of the periods are all there, older ones are gone, copies are left out, every event was seen."""
    assert past.seen == sum(lot.num_rows for lot in source.lots)
    assert past.first < START_MS + DAY_MS
    assert past.table.time.min() > past.last - WINDOWS.keep_ms - 3 * DAY_MS  # lots of a day, and what came 30 h late
    assert not (past.table.marks & Mark.REDELIVERED).any()
    assert len(np.unique(past.table.event)) == len(past.table)
    oldest = WINDOWS.splits(past.first, past.end(7))[0].train.start
    everything = gather(source, builder(), PARAMS, keep_ms=2**61, gap_days=7, say=quiet)
    assert np.count_nonzero(everything.table.time >= oldest) == np.count_nonzero(past.table.time >= oldest)


def test_nothing_teaches_before_it_is_known(past: Past) -> None:
    """What teaches is what was said by then: some of it is corrected later, and no verdict is from after that."""
    split = WINDOWS.splits(past.first, past.end(7))[-1]
    then, finally_ = past.known(split.train, split.pick.start), past.known(split.train)
    assert set(then.row.tolist()) <= set(finally_.row.tolist())
    assert (past.verdicts.known_from()[then.row] <= split.pick.start).all()
    said_later = finally_.fraud[np.isin(finally_.row, then.row)]
    assert np.count_nonzero(said_later & ~then.fraud) > 0


def test_the_same_past_and_seed_give_the_same_model(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every bit, whatever the number of threads somebody asks for."""
    split = WINDOWS.splits(past.first, past.end(7))[-1]
    found = [train(past, split, Recipe(seed=3))]
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with threadpool_limits(2):
        found += [train(past, split, Recipe(seed=3))]
    first, second = (content_digest(each.estimator, {}) for each in found)
    assert first == second
    assert found[0].thresholds == found[1].thresholds


def test_a_candidate_is_better_than_chance_and_compiled(past: Past) -> None:
    """On days it never saw, by every label; the machine code gives scikit-learn's own margins."""
    split = WINDOWS.splits(past.first, past.end(7))[-1]
    candidate = train(past, split, Recipe())
    judged = past.known(split.test)
    matrix = past.table.features[judged.row]
    score = candidate.scorer.scores(matrix)
    assert roc_auc(judged.fraud, score) > 0.7
    assert average_precision(judged.fraud, score) > 10 * judged.fraud.mean()
    assert candidate.scorer.evaluator is not None
    assert np.array_equal(candidate.scorer.margins(matrix), candidate.estimator.decision_function(matrix))
    assert set(candidate.thresholds) == set(KINDS)
    for at in candidate.thresholds.values():
        assert at.review_at <= at.block_at


@pytest.mark.parametrize("make", ["logistic", "sklearn.ensemble:RandomForestClassifier"])
def test_other_estimators_train_too(past: Past, make: str) -> None:
    """The plain one, and any that a module makes: its scores are probabilities."""
    factory = estimators.factory(make)
    small = (lambda seed: factory(20).set_params(random_state=seed)) if ":" in make else factory
    split = WINDOWS.splits(past.first, past.end(7))[-1]
    rows = past.known(split.train)
    matrix = np.nan_to_num(past.table.features[rows.row]) if ":" in make else past.table.features[rows.row]
    scores = Scorer.of(estimators.fit(small, 0, matrix, rows.fraud)).scores(matrix[:1000])
    assert scores.shape == (1000,)
    assert 0.0 <= scores.min() < scores.max() <= 1.0


@pytest.mark.parametrize("text", ["nowhere:make", "sklearn:nothing", "forest", "", "math:pi"])
def test_an_estimator_that_cannot_be_had_is_named(text: str) -> None:
    """With what to write instead."""
    with pytest.raises(Usage, match="--estimator"):
        estimators.factory(text)


def test_one_kind_of_rows_alone_teaches_nothing() -> None:
    """Without a fraud, or with nothing else, there is nothing to learn."""
    for fraud in (np.zeros(9, np.bool_), np.ones(9, np.bool_)):
        with pytest.raises(Usage, match="both kinds"):
            estimators.fit(estimators.boosted_trees, 0, np.zeros((9, len(FEATURES))), fraud)


@pytest.mark.parametrize("make", [estimators.boosted_trees, estimators.logistic_regression])
def test_a_feature_that_is_never_known_does_no_harm(make: estimators.Factory) -> None:
    """Data of other origin lacks some: the model trains, and what it says does not hang on them."""
    matrix = np.random.default_rng(1).normal(size=(400, 3))
    fraud = matrix[:, 0] > 1
    matrix[:, 1] = np.nan
    scorer = Scorer.of(estimators.fit(make, 0, matrix, fraud))
    seen = matrix.copy()
    seen[:, 1] = 7.0
    assert roc_auc(fraud, scorer.scores(matrix)) > 0.9
    assert np.allclose(scorer.scores(seen), scorer.scores(matrix))


def test_folds_follow_one_another(past: Past) -> None:
    """Each judges the days after those that the one before judged."""
    earlier, newest = WINDOWS.splits(past.first, past.end(7))
    assert earlier.test.end == newest.test.start
    assert newest.test.end == past.end(7)


def test_data_that_does_not_reach_back_is_refused(past: Past) -> None:
    """With the number of days that are missing."""
    with pytest.raises(Usage, match=r"begins \d+ days too late"):
        Windows(Lengths(warm_up=30)).splits(past.first, past.end(7))


def test_dates_can_be_fixed() -> None:
    """Thresholds are then picked just before the gap before the test, or, without days for it, where it learnt."""
    train_days, test_days = Period(0, 10 * DAY_MS), Period(24 * DAY_MS, 31 * DAY_MS)
    lengths = Lengths(gap=7, pick=7)
    assert Windows(lengths, dates=Dates(train_days, test_days)).splits(0, 0)[0].pick == Period(10 * DAY_MS, 17 * DAY_MS)
    none = Windows(Lengths(gap=7, pick=0), dates=Dates(train_days, Period(17 * DAY_MS, 20 * DAY_MS))).splits(0, 0)[0]
    assert none.pick == train_days
    with pytest.raises(Usage, match="2 days too few"):
        Windows(lengths, dates=Dates(train_days, Period(22 * DAY_MS, 29 * DAY_MS))).splits(0, 0)
    with pytest.raises(Usage, match="before it begins"):
        Windows(lengths, dates=Dates(Period(5, 5), test_days)).splits(0, 0)


@pytest.mark.parametrize("aims", [{"recall": 0.0}, {"recall": 1.1}, {"alerts_per_day": 0.0}])
def test_aims_that_cannot_be_met_are_refused(aims: dict[str, float]) -> None:
    """Before anything is read."""
    with pytest.raises(Usage, match="cannot be aimed at"):
        Aims(**aims)


def test_ids_that_several_events_have_are_refused() -> None:
    """A verdict would be taken for that of another transaction; a copy or two are left out."""
    whole = Simulated.of(60, 2, 20)
    half = [
        lot.set_column(0, lot.schema.field(0), lot["event_id"].take(pa.array(np.arange(len(lot)) % 9)))
        for lot in whole.lots
    ]
    with pytest.raises(Usage, match="have the id of another one"):
        gather(Simulated(half, whole.verdicts, {}), builder(), PARAMS, keep_ms=2**61, gap_days=7, say=quiet)


def test_what_may_be_judged_is_kept_however_early_labels_end(source: Simulated) -> None:
    """Transactions that go on after the last label, or one of a wrong year, cost no row of the days that teach."""
    early = [each.take(each.known_at < START_MS + 63 * DAY_MS) for each in source.verdicts]
    shifted = [replace(each, known_at=np.where(np.arange(len(each)) == 0, 2**41, each.known_at)) for each in early[:1]]
    for verdicts in (early, [*shifted, *early[1:]]):
        past = gather(
            source.labelled([each for each in verdicts if len(each)]),
            builder(),
            PARAMS,
            keep_ms=WINDOWS.keep_ms,
            gap_days=7,
            say=quiet,
        )
        split = WINDOWS.splits(past.first, past.end(7))[0]
        assert START_MS + 55 * DAY_MS <= past.end(7) <= START_MS + 56 * DAY_MS
        rows = np.concatenate([each["event_time"].cast(pa.int64()).to_numpy() for each in source.lots])
        assert len(past.rows(split.train)) > 0.95 * np.count_nonzero(split.train.holds(rows))


def test_no_labels_and_no_transactions_are_said() -> None:
    """Each with where it would come from."""
    with pytest.raises(Usage, match="no labels"):
        gather(Simulated([], [], {}), builder(), PARAMS, keep_ms=1, gap_days=7, say=quiet)
    whole = Simulated.of(50, 1, 3)
    with pytest.raises(Usage, match="no transactions"):
        gather(Simulated([], whole.verdicts, {}), builder(), PARAMS, keep_ms=1, gap_days=7, say=quiet)
