"""The page at /docs: every route of the document, readable with nothing but a keyboard, and nothing from elsewhere."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import sync_playwright
from support.gated import Gated
from support.served import served

from schemas.settings.serve import Serve
from serving.door.live import Live
from serving.reading import HEADERS, page

EVIL = "</pre><script>alert(1)</script>'\""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(Live(Gated(), Serve())) as found:
        yield found


def test_every_route_stands_there(url: str) -> None:
    """With each of its statuses, and its examples."""
    said = httpx.get(f"{url}/docs")
    assert (said.status_code, said.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert said.headers["content-security-policy"] == HEADERS["content-security-policy"]
    document = httpx.get(f"{url}/openapi.json").json()
    assert "/docs" not in document["paths"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"<h2><code>{method.upper()} {path}</code></h2>" in said.text
            assert all(f"<code>{status}</code>" in said.text for status in operation["responses"])
    assert f"curl {url}/invocations -H" in said.text


def test_nothing_comes_from_elsewhere(url: str) -> None:
    """No script, no address but the document's own."""
    text = httpx.get(f"{url}/docs").text
    assert set(re.findall(r'(?:src|href)="([^#"][^"]*)"', text)) == {"/openapi.json"}
    assert "<script" not in text


def test_what_the_document_says_is_text() -> None:
    """Also where it looks like something else."""
    operation = {"operationId": EVIL, "summary": EVIL, "description": EVIL, "responses": {EVIL: {"description": EVIL}}}
    operation |= {"parameters": [{"name": EVIL, "in": "query", "description": EVIL}]}
    body = {"requestBody": {"content": {"application/json": {"examples": {"a": {"summary": EVIL, "value": EVIL}}}}}}
    paths = {EVIL: {"get": operation, "post": operation | body}}
    text = page({"info": {"title": EVIL, "version": EVIL}, "paths": paths}, EVIL)
    assert "<script" not in text
    assert "</pre><" not in text.replace("</pre></details>", "")


def test_with_a_keyboard(url: str) -> None:
    """An example opens where the keyboard stands; the browser allows the page's style and complains of nothing."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            tab, complaints = browser.new_page(), list[str]()
            tab.on("console", lambda message: complaints.append(message.text))
            tab.goto(f"{url}/docs")
            tab.keyboard.press("Tab")
            assert tab.evaluate("document.activeElement.getAttribute('href')") == "/openapi.json"
            tab.locator("summary").first.focus()
            tab.keyboard.press("Enter")
            assert tab.locator("details[open] pre").first.is_visible()
            assert tab.evaluate("getComputedStyle(document.body).maxWidth") == "960px"
            assert [each for each in complaints if "favicon" not in each] == []
        finally:
            browser.close()
