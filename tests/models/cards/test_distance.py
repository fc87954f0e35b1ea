from math import asin, cos, radians, sin, sqrt

from hypothesis import example, given
from hypothesis import strategies as st

from models.cards.distance import measure

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


def haversine(place: tuple[float, float], other: tuple[float, float]) -> float:
    (north, east), (other_north, other_east) = (tuple(map(radians, each)) for each in (place, other))
    up, along = sin((other_north - north) / 2), sin((other_east - east) / 2)
    return 2 * 6371 * asin(min(1.0, sqrt(up * up + cos(north) * cos(other_north) * along * along)))


@given(st.tuples(latitudes, longitudes), st.tuples(latitudes, longitudes))
@example((0.0, -180.0), (0.0, 180.0))
@example((90.0, 0.0), (-90.0, 0.0))
@example((52.5, 13.4), (52.5, 13.4))
def test_distance_is_along_the_great_circle(place: tuple[float, float], other: tuple[float, float]) -> None:
    """As the haversine formula has it, but where both are at their worst, on opposite sides of the globe."""
    found = measure(*place, *other)
    assert abs(found - haversine(place, other)) < (0.001 if found < 20_000 else 1.0)


def test_bits_are_pinned() -> None:
    """Berlin to New York is as far on every machine, to the last bit."""
    found = measure(52.52, 13.405, 40.7128, -74.006)
    assert float(found).hex() == "0x1.8f100eb058266p+12"
