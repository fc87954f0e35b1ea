"""No secret is ever shown: not by the settings, not by their messages, not by what others make of them."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.errors import FraudstreamError
from schemas.settings import Settings, load, read
from schemas.settings.masking import is_secret, masked

SECRET = "hush-7"

PLACES = {
    "redis.url": f"redis://me:{SECRET}@host:6379/0",
    "kafka.properties.sasl.password": SECRET,
    "kafka.properties.ssl.key.password": SECRET,
    "kafka.properties.ssl.key.pem": SECRET,
    "kafka.properties.ssl.keystore.password": SECRET,
    "kafka.properties.sasl.oauthbearer.client.secret": SECRET,
    "kafka.properties.sasl.oauthbearer.config": SECRET,
    "kafka.properties.sasl.oauthbearer.assertion.private.key.passphrase": SECRET,
    "kafka.properties.sasl.oauthbearer.assertion.private.key.pem": SECRET,
    "kafka.properties.sasl.oauthbearer.token.endpoint.url": f"https://me:{SECRET}@idp/token",
    "kafka.properties.sasl.kerberos.kinit.cmd": f"echo {SECRET} | kinit",
    "kafka.properties.SASL.PASSWORD": SECRET,
    "registry.properties.basic.auth.user.info": f"me:{SECRET}",
    "registry.properties.bearer.auth.token": SECRET,
    "registry.properties.ssl.key.password": SECRET,
    "registry.properties.proxy": f"http://me:{SECRET}@proxy:3128",
}

VIEWS: dict[str, Callable[[Settings], str]] = {
    "repr": repr,
    "str": str,
    "format": lambda settings: f"{settings}",
    "dump": lambda settings: str(settings.model_dump()),
    "json": lambda settings: settings.model_dump_json(),
    "json mode": lambda settings: json.dumps(settings.model_dump(mode="json")),
    "groups": lambda settings: f"{settings.kafka!r} {settings.registry!r} {settings.redis!r}",
    "tables": lambda settings: f"{settings.kafka.properties} {settings.registry.properties}",
    "fields": lambda settings: str([list(settings), list(settings.kafka)]),
}


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_of_the_settings_shows_a_secret(view: str) -> None:
    """However settings are printed or dumped, the secret is not in it."""
    assert SECRET not in VIEWS[view](load(PLACES, env={}))


def test_the_list_of_what_holds_shows_no_secret() -> None:
    """`effective` keeps what is useful of an address and hides the rest."""
    loaded = read(PLACES, env={})
    shown = {row.path: row.value for row in loaded.effective()}
    assert SECRET not in f"{shown} {loaded}"
    assert shown["redis.url"] == "redis://me:***@host:6379/0"
    assert shown["kafka.properties.sasl.password"] == "***"
    assert shown["registry.properties.proxy"] == "http://me:***@proxy:3128"


@pytest.mark.parametrize("path", PLACES)
def test_the_client_gets_the_real_value(path: str) -> None:
    """Masking stops where the value is used."""
    settings = load({"registry.url": "http://registry", path: PLACES[path]}, env={})
    used = f"{settings.kafka.client()} {settings.registry.client()} {settings.redis.url.get_secret_value()}"
    assert PLACES[path] in used


@pytest.mark.parametrize(
    "given",
    [
        {"redis.url": f"http://me:{SECRET}@host"},
        {"redis.url": f"redis://me:{SECRET}#@host"},
        {"redis.url": f"redis://me:x@[{SECRET}]"},
        {"redis.url": SECRET},
        {"registry.url": f"http://me:{SECRET}@host"},
        {"registry.url": f"http://[{SECRET}@host"},
        {"registry.properties.timeout.password": SECRET, "registry.properties.timeout": "x"},
        {"kafka.properties.sasl.password": SECRET, "kafka.properties.group.id": "x"},
        {"kafka.properties": f'{{"sasl.password": ["{SECRET}"]}}'},
        {"kafka.properties": f"sasl.password={SECRET}"},
        {"kafka.bootstrap": f"sasl://me:{SECRET}@host"},
        {"kafka.bootstrap": f"sasl://me:{SECRET}{'x' * 100}@host"},
        {"score.workers": "0", "redis.url": f"redis://:{SECRET}@host"},
        {f"redis://:{SECRET}@host/?x": "y"},
    ],
)
def test_no_message_quotes_a_secret(given: dict[str, str]) -> None:
    """A refusal names the setting and never what was in it, not even in its chain of causes."""
    with pytest.raises(FraudstreamError) as caught:
        load(given, env={})
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error} {error!r} {error.args}"
        error = error.__cause__ or error.__context__


def test_the_library_logs_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even the debugging aid of pydantic-settings, which prints a source as it is, gets to see one."""
    monkeypatch.setenv("PYDANTIC_SETTINGS_DEBUG", "1")
    path = tmp_path / "mine.toml"
    path.write_text("\n".join(f'"{name}" = "{value}"' for name, value in PLACES.items()))
    with caplog.at_level(logging.DEBUG):
        load(env={}, file=path)
    assert "sasl.password" in caplog.text
    assert SECRET not in caplog.text


def test_a_table_built_in_code_is_masked_too() -> None:
    """Secrets are recognised by their names wherever they come from."""
    table = {"properties": {"some.password": SECRET, "some.passphrase": SECRET, "user": "me"}}
    settings = Settings.model_validate({"kafka": table, "registry": table})
    assert SECRET not in repr(settings)
    assert "'me'" in repr(settings)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://:a@b@host/0", "redis://:***@host/0"),
        ("redis://me:a/b?c#d@host", "redis://me:***@host"),
        ("https://token@host", "https://***@host"),
        ("redis://host/0?password=a&db=1", "redis://host/0?password=***&db=1"),
        ("from redis://me:a@one to http://you:b@two end", "from redis://me:***@one to http://you:***@two end"),
        ("me@example.org", "me@example.org"),
    ],
)
def test_addresses_lose_their_passwords_alone(text: str, shown: str) -> None:
    """User, host and the rest stay readable."""
    assert masked(text) == shown


@pytest.mark.parametrize(
    "name", ["ssl.ca.location", "security.protocol", "sasl.username", "ssl.key.location", "client.id"]
)
def test_what_is_no_secret_stays_visible(name: str) -> None:
    """Masking everything would make the list useless."""
    assert not is_secret(name, "plain value")
