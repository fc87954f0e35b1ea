"""What stands beside the broker: Redis with the churn scores, and the schema registry."""

from pathlib import Path
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints

from schemas.settings.group import Group, words, wrong
from schemas.settings.masking import Property, conceal, reveal

REDIS_SCHEMES: Final = ("redis", "rediss", "unix")
NUMBERS: Final = (
    "timeout",
    "cache.capacity",
    "cache.latest.ttl.sec",
    "max.retries",
    "retries.wait.ms",
    "retries.max.wait.ms",
)
"""Registry client properties that the client wants as numbers."""
RETRIES: Final = {"max.retries": 1, "retries.wait.ms": 100}
"""One retry bridges a dropped connection; whoever asks waits and asks again, so more would only block it."""


def redis_url(url: SecretStr) -> SecretStr:
    if _parts(url.get_secret_value()).scheme not in REDIS_SCHEMES:
        raise ValueError("should begin with redis://, rediss:// or unix://")
    return url


def registry_url(url: str) -> str:
    for each in (_parts(address.strip()) for address in url.split(",")):
        if each.scheme not in {"http", "https"} or not each.hostname:
            raise ValueError("should begin with http:// or https:// and a host")
        if "@" in each.netloc:
            raise ValueError("user and password do not belong in it: set registry.properties basic.auth.user.info")
    return url


def _parts(url: str) -> SplitResult:
    """The library's own complaints quote the address, password and all."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is not a number
    except ValueError:
        raise ValueError("has no valid host and port; a password in it must be percent-encoded") from None
    return parts


RegistryUrl = Annotated[str, AfterValidator(registry_url), words("http:// or https:// address")]


def empty_is_none(value: object) -> object:
    return None if value == "" else value


def registry_properties(properties: dict[str, Property]) -> dict[str, Property]:
    for name, value in properties.items():
        if name == "url":
            raise wrong("cannot be passed through: registry.url sets it", "registry.properties.url")
        if name in NUMBERS and not _is_number(reveal(value)):
            raise wrong("should be a number", f"registry.properties.{name}")
    return conceal(properties)


def _is_number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False


class Redis(Group):
    url: Annotated[SecretStr, AfterValidator(redis_url), words("redis://, rediss:// or unix:// address")] = SecretStr(
        "redis://127.0.0.1:6379/0"
    )
    """Where the churn scores are: redis://, rediss:// (TLS) or unix://, with user and password where there are any."""
    prefix: Annotated[str, StringConstraints(pattern=r"^\S{1,64}$"), words("1 to 64 characters, no spaces")] = "churn:"
    """What every key begins with."""
    budget_ms: Annotated[int, Field(ge=1, le=10_000)] = 50
    """With enrich.mode lookup: how long the look-ups of a lot may take before it is decided without them."""


class Registry(Group):
    url: Annotated[RegistryUrl | None, BeforeValidator(empty_is_none)] = None
    """A Confluent-compatible schema registry, for records in Confluent framing alone; several separated by commas."""
    cache: Path = Path("~/.cache/fraudstream/schemas")
    """Folder in which schemas are kept for the time when the registry does not answer."""
    timeout_ms: Annotated[int, Field(ge=100, le=60_000)] = 2_000
    """How long the registry may take for one answer."""
    properties: Annotated[dict[str, Property], AfterValidator(registry_properties)] = Field(default_factory=dict)
    """Any other property of the registry client: basic.auth.user.info, ssl.ca.location, bearer.auth.token and so on."""

    def client(self) -> dict[str, object]:
        """The configuration of the registry client, with real passwords: for its constructor alone."""
        properties = {name: reveal(value) for name, value in self.properties.items()}
        numbers = {name: float(text) for name, text in properties.items() if name in NUMBERS}
        return {"url": self.url, "timeout": self.timeout_ms / 1000, **RETRIES, **properties, **numbers}
