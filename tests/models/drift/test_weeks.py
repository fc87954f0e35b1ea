"""Eight simulated weeks, after which nothing has moved but the seasons: no alarm."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from support.simulated import DAY_MS, START_MS, Simulated, builder

from models import trees
from models.drift import Reference, Said, Tally, judge
from models.features import FEATURES
from models.history import Table

CUSTOMERS = 2_400
TRAIN = (10, 25)
REFERENCE = (25, 55)
WATCHED_UNTIL = 55 + 58


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_eight_usual_weeks_raise_no_alarm(seed: int) -> None:
    """In no feature and not in the score, on any day: what labels say still grows, and the month changes twice."""
    source = Simulated.of(CUSTOMERS, seed, WATCHED_UNTIL)
    table = folded(source)
    day = table.time // DAY_MS
    score = scores(source, table)
    first, last = (day.searchsorted(START_MS // DAY_MS + each) for each in REFERENCE)
    names = [feature.name for feature in FEATURES]
    reference = Reference.of(names, table.features[first:last], score[first:last], day[first:last])
    tally = Tally(reference.edges)
    tally.add(table.features[last:], score[last:], day[last:])
    found = judge(reference, tally)
    assert len(found) == 56
    assert {each.said for each in found} == {Said.JUDGED}
    assert [(each.day, each.named) for each in found if each.alarms] == []


def folded(source: Simulated) -> Table:
    folding = builder()
    for labels in source.labels():
        folding.learn(labels)
    table = Table.concat(folding.fold(lot) for lot in source.transactions())
    return table.take(np.argsort(table.time, kind="stable"))


def scores(source: Simulated, table: Table) -> np.ndarray:
    first, last = (START_MS + each * DAY_MS for each in TRAIN)
    rows = np.flatnonzero((table.time >= first) & (table.time < last))
    fraud = source.scenarios(table.event[rows]) != "genuine"
    model = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=8, early_stopping=False, random_state=1)
    return trees.compile(model.fit(table.features[rows], fraud), len(FEATURES)).margins(table.features)
