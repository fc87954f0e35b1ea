from fraudstream.demo.era import DAY_MS, SEED_DAYS, Era

NOW_MS = 20_000 * DAY_MS + 5_000


def test_it_ends_with_yesterday_and_lasts_for_the_viewer() -> None:
    """Half an hour at least, longer where more is asked for; begun at midnight."""
    for rate, seconds in ((200.0, None), (5_000.0, None), (200.0, 86_400.0)):
        era = Era.before(NOW_MS, 1_500, rate, seconds)
        assert era.start_ms % DAY_MS == 0
        assert era.start_ms + era.days * DAY_MS == NOW_MS - 5_000
        assert (era.days - SEED_DAYS) * 1_500 / rate >= max(1_800.0, seconds or 0.0)


def test_verdicts_have_seconds_to_come_whatever_the_speed() -> None:
    """The grace in hours, and the moment at which scoring begins as the settings take it."""
    era = Era.before(0, 3_000, 200.0, None)
    assert era.speed == 5_760.0
    assert era.grace_hours == 7
    assert Era.before(NOW_MS, 3_000, 200.0, None).live == "2024-06-06T00:00:00Z"
