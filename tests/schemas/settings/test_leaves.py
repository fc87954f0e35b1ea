"""The list from which the loader, the settings page and the command are made."""

import pytest

from schemas.settings import Leaf, Settings, leaves, load
from schemas.settings.leaves import CONFIG, find


def test_every_setting_is_in_the_list_once() -> None:
    """The list is the tree, in its order, two levels deep."""
    tree = [
        f"{group}.{field}"
        for group, model in Settings.model_fields.items()
        for field in model.annotation.model_fields  # type: ignore[union-attr]
    ]
    assert [leaf.path for leaf in leaves()] == tree


def test_every_variable_has_one_meaning() -> None:
    """With single underscores two paths could share a name; none do, and no table hides another's variable."""
    names = [leaf.env for leaf in leaves()]
    assert len({*names, CONFIG}) == len(names) + 1
    tables = [leaf.env for leaf in leaves() if leaf.table]
    assert not [name for name in names for table in tables if name.startswith(f"{table}__")]


@pytest.mark.parametrize("leaf", leaves(), ids=lambda leaf: leaf.path)
def test_every_setting_is_documented(leaf: Leaf) -> None:
    """The page says what each is for and what is allowed, as a sentence on one line."""
    assert leaf.doc.endswith(".")
    assert "\n" not in leaf.doc + leaf.type
    assert leaf.type


@pytest.mark.parametrize("leaf", leaves(), ids=lambda leaf: leaf.path)
def test_every_default_can_be_given_as_text(leaf: Leaf) -> None:
    """What the page prints as the default, typed back through the environment, changes nothing."""
    text = "{}" if leaf.table else leaf.default_text
    assert load(env={leaf.env: text}) == load(env={})


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("score.workers", "integer from 1 to 256"),
        ("policy.review_at", "number from 0 to 1"),
        ("output.framing", "single-object | confluent | json"),
        ("score.delivery", "exactly_once | at_least_once"),
        ("checks.strict_keys", "true | false"),
        ("registry.cache", "path"),
        ("registry.url", "http:// or https:// address or empty"),
        ("rules.home_countries", "two-letter codes separated by commas"),
        ("kafka.properties", "table of text"),
        ("health.host", "text"),
    ],
)
def test_what_is_allowed_is_said_in_words(path: str, said: str) -> None:
    """Bounds and choices come from the types themselves."""
    found = find(path)
    assert found is not None
    assert found[0].type == said


def test_addresses_that_may_hold_a_key_are_secret() -> None:
    """Whoever prints leaves knows which ones to mask."""
    assert [leaf.path for leaf in leaves() if leaf.secret] == ["redis.url", "state.url", "serve.keys"]
