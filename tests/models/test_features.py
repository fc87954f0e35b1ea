from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.cards import CardBook
from models.feature_list import CARD_FEATURES, LABEL_FEATURES
from models.features import FEATURES, POSITION, ROW_FEATURES, Matrix, Places, features, row_features
from models.labels.facts import DOUBLES, INTEGERS, LabelFacts
from models.local_time import local_hours_and_days
from models.money import Money

Make = Callable[..., pa.RecordBatch]
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
HERE = Places("UTC", ("DE",), (7995,))
HOUR = 3_600_000
LABELS: dict[str, list[float]] = {
    "card_days_since_fraud": [3.5, np.nan],
    "card_genuine_count": [4, 1],
    "card_genuine_sum": [4_000, 500],
    "card_genuine_sumsq": [4_060_000, 250_000],
    "card_last_label": [0, np.nan],
    "terminal_count_1d": [0, 0],
    "terminal_count_7d": [10, 0],
    "terminal_count_30d": [20, 0],
    "terminal_fraud_1d": [0, 0],
    "terminal_fraud_7d": [4, 0],
    "terminal_fraud_30d": [5, 0],
    "terminal_days_since_first_fraud": [9, np.nan],
    "terminal_days_since_last_fraud": [2, np.nan],
    "terminal_fraud_run": [3, 0],
    "terminal_last_label": [1, np.nan],
}


@pytest.fixture
def punctual(lot: Make) -> Make:
    """Lots whose records came when their events happened."""
    return lambda *examples: lot(*({"timestamp": -1} | example for example in examples))


def column(matrix: Matrix, name: str) -> list[float]:
    return [float(each) for each in matrix[:, POSITION[name]]]


@given(
    st.lists(st.integers(946_684_800_000, 4_102_444_799_999), min_size=1, max_size=20),
    st.integers(0, 10_000_000),
    st.sampled_from(ZONES),
)
def test_hours_and_days_are_those_of_the_clock_on_the_wall(times: list[int], later: int, zone: str) -> None:
    """Hour and day agree with the standard library's, also around changes of the clock, far apart and close."""
    for chosen in (times, [times[0] + later * place // 20 for place in range(20)]):
        hours, days = local_hours_and_days(np.array(chosen, np.int64), zone)
        for time, hour, day in zip(chosen, hours, days, strict=True):
            wall = datetime.fromtimestamp(time // 1000, UTC).astimezone(ZoneInfo(zone))
            assert (hour, day) == (wall.hour, (wall.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days)


def test_weekend_is_saturday_and_sunday(lot: Make) -> None:
    """Of a week that begins on a Monday the last two days are the weekend."""
    rows = lot(*({"hour": 24 * day} for day in range(7)))
    assert column(row_features(rows, Places()), "weekend") == [0, 0, 0, 0, 0, 1, 1]


def test_without_home_countries_nothing_is_foreign(lot: Make) -> None:
    """A bank that has not said where home is gets no foreign countries."""
    assert column(row_features(lot({"country": "BR"}), Places()), "foreign_country") == [0]


def test_an_empty_lot_has_all_columns(lot: Make) -> None:
    """No rows in, no rows out, and the same columns."""
    empty = lot()
    assert row_features(empty, HERE).shape == (0, len(ROW_FEATURES))
    assert features(CardBook().fold(empty), None, HERE).shape == (0, len(FEATURES))


def test_names_are_unique() -> None:
    """A feature is found by its name, and says what it means."""
    assert len(POSITION) == len(FEATURES)
    assert all(feature.meaning and feature.window_ms <= feature.horizon_ms for feature in FEATURES)
    assert (*ROW_FEATURES, *CARD_FEATURES, *LABEL_FEATURES) == FEATURES


def test_what_a_row_says_stands_first(punctual: Make) -> None:
    """The features of a row alone are the first columns of all features, bit for bit."""
    rows = punctual({"country": "BR"}, {"hour": 3, "channel": "ONLINE"}, {"merchant_category": 7995, "hour": 150})
    whole = features(CardBook().fold(rows), None, HERE)
    assert whole[:, : len(ROW_FEATURES)].tobytes() == row_features(rows, HERE).tobytes()
    assert tuple(FEATURES[: len(ROW_FEATURES)]) == ROW_FEATURES


def test_a_cards_past_by_hand(punctual: Make) -> None:
    """Counts and means have the event in them, what it is compared with has not."""
    rows = punctual(
        {"amount_minor": 1_000, "hour": 0, "device_id": "a", "country": "DE", "latitude": 52.0, "longitude": 13.0},
        {"amount_minor": 100, "hour": 20, "device_id": "a", "country": "DE"},
        {"amount_minor": 400, "hour": 21, "device_id": "b", "country": "FR", "latitude": 48.0, "longitude": 2.0},
    )
    matrix = features(CardBook().fold(rows), None, HERE)
    assert [column(matrix, f"count_{span}") for span in ("10min", "1h", "1d")] == [[1, 1, 1], [1, 1, 1], [1, 2, 3]]
    assert column(matrix, "mean_1d") == [1_000, 550, 500]
    for name, last in (("ratio_mean_30d", 400 / 550), ("ratio_median_30d", 400 / 550), ("ratio_highest_30d", 0.4)):
        assert column(matrix, name)[1:] == [0.1, last]
        assert np.isnan(column(matrix, name)[0])
    assert column(matrix, "hours_since_previous")[1:] == [20, 1]
    assert column(matrix, "new_device")[1:] == column(matrix, "new_country")[1:] == [0, 1]
    assert column(matrix, "speed_kmh")[2] == pytest.approx(901.96 / 21, rel=1e-4)
    assert np.isnan(matrix[0, [POSITION[each] for each in ("new_device", "new_country", "speed_kmh")]]).all()
    assert np.isnan(column(matrix, "terminal_count_7d")).all()


def test_labels_by_hand(punctual: Make) -> None:
    """Shares, ratios and deviations of what labels say; unknown stays unknown, and no share is made of nothing."""
    integers = np.array([LABELS[each] for each in INTEGERS], np.int64).T.copy()
    labels = LabelFacts(integers, np.array([LABELS[each] for each in DOUBLES]).T.copy())
    rows = punctual({"amount_minor": 1_200}, {"amount_minor": 1_000})
    matrix = features(CardBook().fold(rows), labels, HERE)
    assert column(matrix, "terminal_fraud_share_7d")[0] == 0.4
    assert column(matrix, "terminal_fraud_share_30d")[0] == 0.25
    assert np.isnan(column(matrix, "terminal_fraud_share_1d")).all()
    assert column(matrix, "genuine_ratio") == [1.2, 2.0]
    assert column(matrix, "genuine_z")[0] == pytest.approx(200 / np.sqrt(20_000))
    assert np.isnan(column(matrix, "genuine_z")[1])
    assert column(matrix, "terminal_fraud_run") == [3, 0]
    for name in ("card_days_since_fraud", "card_last_label", "terminal_last_label"):
        assert column(matrix, name)[0] == LABELS[name][0]
        assert np.isnan(column(matrix, name)[1])


def test_nothing_is_infinite(punctual: Make) -> None:
    """A card that only ever paid nothing has no ratios, and the same moment at another place is a finite speed."""
    rows = punctual(*({"amount_minor": 0, "latitude": 80.0 - row, "longitude": 170.0, "hour": 0} for row in range(3)))
    later = punctual({"amount_minor": 5, "latitude": -80.0, "longitude": 0.0, "event_time": 1_767_571_200_001})
    book = CardBook()
    matrix = np.concatenate([features(book.fold(each), None, HERE) for each in (rows, later)])
    assert not np.isinf(matrix).any()
    assert np.isnan(column(matrix, "ratio_mean_30d")).all()


def test_amounts_are_in_the_reference_currency(lot: Make) -> None:
    """State and features see the converted amount."""
    rows = lot({"currency": "USD", "amount_minor": 1_000})
    facts = CardBook(money=Money("EUR", {"USD": 920_000})).fold(rows)
    assert column(features(facts, None, HERE), "amount_minor") == [920]
    assert column(features(facts, None, HERE), "mean_30d") == [920]


def test_rows_do_not_see_the_lot_they_are_in(punctual: Make) -> None:
    """The matrix of a lot is that of its rows one by one, to the last bit."""
    rows = punctual(
        *({"hour": 7 * row, "amount_minor": row * row, "country": "DE" if row % 2 else None} for row in range(40))
    )
    whole, piece = CardBook(), CardBook()
    together = features(whole.fold(rows), None, HERE)
    pieces = [features(piece.fold(each), None, HERE) for each in (rows.slice(at, 1) for at in range(40))]
    assert together.tobytes() == np.concatenate(pieces).tobytes()
