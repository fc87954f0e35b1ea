"""How flags and variables are read: names, tables, lists, and what is no value at all."""

import pytest

from schemas.errors import Misconfigured, Usage
from schemas.settings import load, overrides


def message(given: dict[str, str] | None = None, env: dict[str, str] | None = None) -> str:
    with pytest.raises(Misconfigured) as caught:
        load(given or {}, env=env or {})
    return caught.value.message


def test_a_property_has_a_variable_of_its_own() -> None:
    """Underscores after the double one are the dots of the property."""
    env = {"FRAUDSTREAM_KAFKA_PROPERTIES__SASL_OAUTHBEARER_CLIENT_ID": "me"}
    assert load(env=env).kafka.properties == {"sasl.oauthbearer.client.id": "me"}


def test_a_property_with_an_underscore_is_reached_through_json() -> None:
    """The JSON form takes names as they are."""
    env = {"FRAUDSTREAM_KAFKA_PROPERTIES": '{"log_level": 7, "log.queue": true, "linger.ms": 0.5}'}
    assert load(env=env).kafka.properties == {"log_level": "7", "log.queue": "true", "linger.ms": "0.5"}


def test_the_own_variable_of_a_property_counts_more_than_the_json() -> None:
    """The more particular of two variables wins."""
    env = {"FRAUDSTREAM_KAFKA_PROPERTIES__CLIENT_RACK": "b", "FRAUDSTREAM_KAFKA_PROPERTIES": '{"client.rack": "a"}'}
    assert load(env=env).kafka.properties == {"client.rack": "b"}


@pytest.mark.parametrize("text", ["sasl.password=hush", "[1]", '"hush"', "", '{"hush"'])
def test_a_table_that_is_no_json_object_is_refused_unquoted(text: str) -> None:
    """It may hold a password, so the message shows an example instead of the text."""
    said = message(env={"FRAUDSTREAM_KAFKA_PROPERTIES": text})
    assert said.startswith("kafka.properties (environment FRAUDSTREAM_KAFKA_PROPERTIES): should be a JSON object")
    assert "hush" not in said


@pytest.mark.parametrize("value", ['{"a": null}', '{"a": ["b"]}', '{"a": {"b": 1}}', '{"": "b"}'])
def test_a_property_is_one_plain_value(value: str) -> None:
    """Lists, objects and nothing are not properties."""
    assert "should be a name with text, a number, true or false" in message({"kafka.properties": value})


def test_lists_are_separated_by_commas() -> None:
    """Blanks and a comma too many do no harm, and empty is the empty list."""
    rules = load({"rules.home_countries": "DE, FR,", "rules.risky_categories": ""}, env={}).rules
    assert rules.home_countries == ("DE", "FR")
    assert rules.risky_categories == ()


def test_an_empty_variable_unsets_an_optional_setting() -> None:
    """Compose files pass empty text for what is not set."""
    assert load(env={"FRAUDSTREAM_REGISTRY_URL": ""}).registry.url is None


def test_an_empty_variable_is_no_number() -> None:
    """Empty is not silently the default."""
    assert "'' should be: integer from 1 to 256" in message(env={"FRAUDSTREAM_SCORE_WORKERS": ""})


@pytest.mark.parametrize(
    "name", ["FRAUDSTREAM_", "FRAUDSTREAM_KAFKA", "FRAUDSTREAM_kafka_bootstrap", "FRAUDSTREAM_KAFKA_PROPERTIES__"]
)
def test_every_variable_with_our_prefix_must_be_known(name: str) -> None:
    """A misspelt variable would otherwise be ignored in silence."""
    assert "there is no such setting" in message(env={name: "x"})


def test_variables_of_others_are_left_alone() -> None:
    """Only our prefix is ours."""
    assert load(env={"KAFKA_BOOTSTRAP": "x", "_FRAUDSTREAM_COMPLETE": "1", "FRAUDSTREAMS_X": "y"}) == load(env={})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("kafka.bootstrap.servers", "kafka.bootstrap"),
        ("bootstrap", "kafka.bootstrap"),
        ("output.frame", "output.framing"),
        ("kafka.property.sasl.password", "kafka.properties"),
    ],
)
def test_the_nearest_name_is_offered(name: str, meant: str) -> None:
    """A near miss is told what was probably meant."""
    assert message({name: "x"}).endswith(f"did you mean {meant}?")


def test_nothing_is_offered_for_what_resembles_nothing() -> None:
    """A wild guess would mislead."""
    assert message({"qqq": "x"}) == "qqq (command line): there is no such setting"


def test_pairs_are_split_at_the_first_equals_sign() -> None:
    """Values may contain the sign themselves; the last one of a name wins."""
    pairs = ["redis.url=redis://h/0?a=b", "score.workers=1", "score.workers=2"]
    assert overrides(pairs) == {"redis.url": "redis://h/0?a=b", "score.workers": "2"}


def test_a_pair_without_a_value_is_wrong_usage() -> None:
    """The command line is wrong, not the configuration, and a password in it is not repeated."""
    with pytest.raises(Usage) as caught:
        overrides(["redis://me:hush@host"])
    assert caught.value.exit_code == 64
    assert "hush" not in str(caught.value)
