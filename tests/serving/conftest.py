"""A door of this process for each small model, open as long as the module's tests."""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from support.bodies import MODELS
from support.served import registered, served

from fraudstream.serving.model import live
from models.registry.registry import Registry
from schemas.settings import Settings, load


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Nobody promotes here: others are looking."""
    return registered(tmp_path_factory.mktemp("shelf"), *MODELS)


@pytest.fixture(scope="session")
def standing(shelf: Registry) -> Settings:
    return load({"models.root": str(shelf.root)})


@pytest.fixture(scope="session")
def doors(standing: Settings) -> Iterator[dict[str, httpx.Client]]:
    """A client of each model's door."""
    with ExitStack() as stack:
        urls = {model: stack.enter_context(served(live(standing, f"models:/{model}/Production"))) for model in MODELS}
        yield {model: stack.enter_context(httpx.Client(base_url=url)) for model, url in urls.items()}
