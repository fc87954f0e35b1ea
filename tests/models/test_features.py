from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from models.features import FEATURES, POSITION, Places, features, local_hours_and_days

Make = Callable[..., pa.RecordBatch]
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")


@given(
    st.lists(st.integers(946_684_800_000, 4_102_444_799_999), min_size=1, max_size=20),
    st.sampled_from(ZONES),
)
def test_hours_and_days_are_those_of_the_clock_on_the_wall(times: list[int], zone: str) -> None:
    """Hour and day agree with the standard library's, also around changes of the clock."""
    hours, days = local_hours_and_days(np.array(times, np.int64), zone)
    for time, hour, day in zip(times, hours, days, strict=True):
        wall = datetime.fromtimestamp(time // 1000, UTC).astimezone(ZoneInfo(zone))
        assert (hour, day) == (wall.hour, (wall.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days)


def test_weekend_is_saturday_and_sunday(lot: Make) -> None:
    """Of a week that begins on a Monday the last two days are the weekend."""
    rows = lot(*({"hour": 24 * day} for day in range(7)))
    assert features(rows, Places())[:, POSITION["weekend"]].tolist() == [0, 0, 0, 0, 0, 1, 1]


def test_without_home_countries_nothing_is_foreign(lot: Make) -> None:
    """A bank that has not said where home is gets no foreign countries."""
    assert features(lot({"country": "BR"}), Places())[0, POSITION["foreign_country"]] == 0


def test_an_empty_lot_has_all_columns(lot: Make) -> None:
    """No rows in, no rows out, and the same columns."""
    assert features(lot(), Places("Europe/Berlin", ("DE",), (7995,))).shape == (0, len(FEATURES))


def test_names_are_unique() -> None:
    """A feature is found by its name."""
    assert len(POSITION) == len(FEATURES)
