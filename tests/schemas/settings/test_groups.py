"""The bounds of the settings, and what must fit together."""

from datetime import UTC, datetime

import pytest

from schemas.errors import Misconfigured
from schemas.settings import load
from schemas.topics import RULES, Role


def refused(given: dict[str, str]) -> str:
    with pytest.raises(Misconfigured) as caught:
        load(given, env={})
    return caught.value.message


def test_topics_are_called_by_role() -> None:
    """Every role has a setting, whose default is the name the contract gives it."""
    topics = load({"topics.flags": "alerts"}, env={}).topics
    assert topics.name(Role.FLAGS) == "alerts"
    assert [load(env={}).topics.name(rule.role) for rule in RULES] == [rule.name for rule in RULES]


def test_no_topic_has_two_roles() -> None:
    """Flags on the input topic would be scored in turn."""
    assert refused({"topics.flags": "transactions"}) == (
        "topics.transactions and topics.flags (default; command line): both are 'transactions'; each needs its own"
    )


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a/b", "ä", "x" * 250, "a\n"])
def test_topic_names_are_kafkas(name: str) -> None:
    """A name that the broker would refuse is refused here."""
    assert "should be: up to 249 letters, digits and . _ -" in refused({"topics.flags": name})


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-31T06:00:00Z", datetime(2026, 1, 31, 6, tzinfo=UTC)),
        ("2026-01-31T08:00:00+02:00", datetime(2026, 1, 31, 6, tzinfo=UTC)),
        ("end", None),
        ("earliest", None),
    ],
)
def test_scoring_starts_at_an_end_or_a_time(text: str, time: datetime | None) -> None:
    """A time is one moment, whatever zone it was written in."""
    assert load({"score.start": text}, env={}).score.start_time == time


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("latest", "should be end, earliest or a time"),
        ("", "should be end, earliest or a time"),
        ("2026-01-31T06:00:00", "should say its zone"),
        ("2026-01-31", "should say its zone"),
    ],
)
def test_an_unclear_start_is_refused(text: str, said: str) -> None:
    """Without a zone a time means another moment on every machine."""
    assert said in refused({"score.start": text})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"score.call_timeout_ms": "5000"}, "score.call_timeout_ms and score.watchdog_ms (command line; default)"),
        ({"score.watchdog_ms": "3000"}, "score.call_timeout_ms and score.watchdog_ms (default; command line)"),
        ({"policy.block_at": "0.4"}, "review from 0.5 on would never happen, blocking begins at 0.4"),
        ({"rules.amount_extreme_minor": "1"}, "the high amount 200000 is above the extreme one 1"),
        ({"health.port": "65535", "score.workers": "2"}, "the last worker's port would be 65536"),
        ({"output.framing": "confluent"}, "output.framing and registry.url (command line; default)"),
        ({"cards.idle": "36d"}, "a card idle for 36d would be forgotten while it still counts"),
        ({"cards.late": "31d"}, "cards.idle and cards.late (default; command line)"),
        ({"labels.step": "7h"}, "steps of 7h do not fill a day without remainder"),
        ({"labels.grace": "0s"}, "a transaction could see its own verdict"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(given: dict[str, str], said: str) -> None:
    """Each alone would be fine."""
    assert said in refused(given)


@pytest.mark.parametrize(
    "given",
    [
        {"policy.review_at": "0.9", "policy.block_at": "0.9"},
        {"policy.review_at": "0", "policy.block_at": "1"},
        {"rules.amount_high_minor": "500000"},
        {"cards.idle": "37d"},
        {"labels.step": "24h", "labels.grace": "1ms", "labels.delay": "0d"},
        {"money.reference": "EUR", "money.rates.usd": "80000000"},
        {"health.port": "65535"},
        {"health.port": "-1", "score.workers": "256"},
        {"health.port": "0", "score.workers": "256"},
        {"output.framing": "confluent", "registry.url": "http://a"},
        {"score.node": ""},
        {"topics.flags": "x" * 249},
        {"policy.timezone": "Europe/Paris"},
        {"checks.strict_keys": "1"},
        {"redis.url": "unix:///run/redis.sock"},
        {"redis.url": "rediss://me:a%40b@host:6380/1?x=y"},
        {"registry.url": "https://a:8081,http://b"},
        {"state.url": "s3://id:key@bucket/folder?region=eu-central-1"},
        {"state.url": "file:///var/lib/state"},
        {"state.snapshot_every": "1s", "state.snapshot_rows": "1000", "state.keep_last": "1", "state.keep_days": "0"},
    ],
)
def test_the_edges_of_what_is_allowed(given: dict[str, str]) -> None:
    """Limits are part of what is allowed."""
    load(given, env={})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("policy.review_at", "nan"),
        ("policy.review_at", "-0.1"),
        ("policy.block_at", "1.1"),
        ("rules.home_countries", "de"),
        ("rules.risky_categories", "10000"),
        ("rules.amount_high_minor", "1.5"),
        ("score.workers", "257"),
        ("score.group", "a b"),
        ("score.membership", "sticky"),
        ("score.delivery", "at_most_once"),
        ("output.framing", "avro"),
        ("checks.strict_keys", "maybe"),
        ("health.port", "-2"),
        ("health.host", ""),
        ("redis.prefix", "a b"),
        ("redis.budget_ms", "0"),
        ("registry.url", "registry:8081"),
        ("registry.url", "http://"),
        ("log.level", "INFO"),
        ("cards.entries", "0"),
        ("labels.delay", "a week"),
        ("money.reference", "eur"),
        ("state.snapshot_every", "999ms"),
        ("state.snapshot_rows", "999"),
        ("state.keep_last", "0"),
        ("state.keep_days", "-1"),
    ],
)
def test_what_is_out_of_bounds_is_refused(path: str, text: str) -> None:
    """The refusal quotes the value and names the setting, in our words."""
    said = refused({path: text})
    assert said.startswith(f"{path} (command line): ")
    assert repr(text) in said
    assert "Input" not in said


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "", "Europe", "/etc/localtime", "a\0b"])
def test_a_time_zone_has_a_name_in_the_database(name: str) -> None:
    """Paths, folders and nonsense are refused in our words, not in those of the database's reader."""
    assert "is not in this machine's time zone database" in refused({"policy.timezone": name})


def test_a_secret_address_is_refused_unquoted() -> None:
    """The sentence goes without the value, and without asterisks in its place."""
    said = "redis.url (command line): should begin with redis://, rediss:// or unix://"
    assert refused({"redis.url": "amqp://host"}) == said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "should name a folder"),
        (" ", "should name a folder"),
        ("http://geheim@a/b", "should be a folder, or begin"),
    ],
)
def test_a_place_for_snapshots_is_a_folder_or_a_store(url: str, said: str) -> None:
    """As above: the value may hold a key."""
    assert refused({"state.url": url}).startswith(f"state.url (command line): {said}")
    assert "geheim" not in refused({"state.url": url})


def test_the_registry_client_gets_numbers_as_numbers() -> None:
    """Its client refuses numbers given as text; short patience is the default."""
    given = {
        "registry.url": "http://a",
        "registry.properties": '{"max.retries": "5", "cache.capacity": 10, "proxy": "p"}',
    }
    assert load(given, env={}).registry.client() == {
        "url": "http://a",
        "timeout": 2.0,
        "max.retries": 5.0,
        "retries.wait.ms": 100,
        "cache.capacity": 10.0,
        "proxy": "p",
    }


@pytest.mark.parametrize("given", [{"money.rates.EURO": "1"}, {"money.rates.USD": "0.9"}, {"money.rates.USD": "0"}])
def test_rates_are_whole_numbers_by_currency(given: dict[str, str]) -> None:
    """The one that is wrong is named."""
    assert refused(given).startswith(next(iter(given)))


def test_rates_may_come_from_the_environment() -> None:
    """Where their names are in capitals anyway."""
    money = load({"money.rates.USD": "920000"}, env={"FRAUDSTREAM_MONEY_RATES__GBP": "1170000"}).money
    assert money.millionths == {"USD": 920_000, "GBP": 1_170_000}


@pytest.mark.parametrize(("name", "said"), [("url", "registry.url sets it"), ("timeout", "should be a number")])
def test_registry_properties_are_checked(name: str, said: str) -> None:
    """What the client would stumble over is told before."""
    assert said in refused({f"registry.properties.{name}": "x"})
