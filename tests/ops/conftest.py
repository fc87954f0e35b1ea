"""The compose file as its client sees it: variables filled in, and nothing else assumed."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from schemas.settings import Settings, load

VARIABLE = re.compile(r"\$\{(?P<name>\w+):-(?P<default>[^}]*)\}")
OFFER = re.compile(r"(?:# )?(?P<name>[A-Z_]+)=(?P<value>\S*)")

Services = dict[str, Any]


class Port(NamedTuple):
    """`outside` is the port on this machine, `inside` the one in the container."""

    host: str
    outside: int
    inside: int


def filled(node: Any, variables: Mapping[str, str]) -> Any:
    """After parsing, as the client does it: a variable without a value is an empty text, not nothing."""
    match node:
        case dict():
            return {key: filled(value, variables) for key, value in node.items()}
        case list():
            return [filled(each, variables) for each in node]
        case str():
            return VARIABLE.sub(lambda found: variables.get(found["name"]) or found["default"], node)
    return node


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def compose_text(root: Path) -> str:
    return (root / "docker-compose.yml").read_text("utf-8")


@pytest.fixture(scope="session")
def services(compose_text: str) -> Services:
    """Every service of every profile, with no variable set."""
    found: Services = filled(yaml.safe_load(compose_text), {})["services"]
    return found


@pytest.fixture(scope="session")
def settings_of(services: Services) -> Callable[[str], Settings]:
    """What the program in a container makes of its environment."""
    return lambda name: load(env={key: str(value) for key, value in services[name]["environment"].items()})


@pytest.fixture(scope="session")
def published(services: Services) -> Callable[[str], Port]:
    """The one port of a service."""

    def published(name: str) -> Port:
        (mapping,) = services[name]["ports"]
        host, outside, inside = mapping.split(":")
        return Port(host, int(outside), int(inside))

    return published


@pytest.fixture(scope="session")
def offered(root: Path) -> dict[str, str]:
    """Every variable of .env.example with the value it shows, commented out or not."""
    found = map(OFFER.fullmatch, (root / ".env.example").read_text("utf-8").splitlines())
    return {each["name"]: each["value"] for each in found if each}
