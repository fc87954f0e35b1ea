"""The page about the product's routes: its commands run, and it leaves out no route, no code and no setting."""

import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from schemas.settings.serve import Serve
from serving.product import lanes

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
COMMANDS = [
    each for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for each in re.split(r"\n(?=curl)", block)
]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_the_page_is_answered(door: Any, command: str) -> None:
    """As it stands, but for the port."""
    program, address, *options = shlex.split(command.replace("\\\n", " "))
    assert program == "curl"
    given = dict(zip(options[::2], options[1::2], strict=True))
    headers = dict([given["-H"].split(": ")]) if "-H" in given else {}
    url = urlsplit(address)
    path = f"{url.path}?{url.query}" if url.query else url.path
    answer = door.client.request("POST" if "-d" in given else "GET", path, content=given.get("-d"), headers=headers)
    assert answer.status_code == 200, answer.text[:300]


def test_the_page_names_every_route(door: Any) -> None:
    """Of the document."""
    document = door.get("/openapi.json").json()
    for path in document["paths"]:
        if path.startswith("/v1/"):
            assert re.sub(r"\{customer\}", "{id}", path) in PAGE


def test_the_page_names_every_code() -> None:
    """That the product's routes answer with."""
    source = "".join(each.read_text("utf-8") for each in (ROOT / "serving" / "product").glob("*.py"))
    codes = set(re.findall(r'code="([A-Z_]+)"', source)) | {lanes.KAFKA.code, lanes.REDIS.code}
    assert len(codes) >= 5
    assert not [code for code in codes if f"`{code}`" not in PAGE]


def test_the_page_names_what_is_set_for_these_routes() -> None:
    """Each with its link to the settings."""
    for name in ("score_rows", "flags_kept", "flags_back", "history_records", "lookup_back"):
        assert name in Serve.model_fields
        assert f"settings.md#serve{name}" in PAGE
