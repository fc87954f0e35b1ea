"""The page at /docs: the routes of the OpenAPI document for somebody who reads. No script, nothing from elsewhere."""

import json
import shlex
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.responses import Response

PATH: Final = "/docs"
STYLE: Final = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem }
code, pre { font: 14px/1.5 ui-monospace, monospace }
pre { overflow: auto; padding: .75rem; border: 1px solid; border-radius: .5rem }
section { border-top: 1px solid; margin-top: 2rem }
h2 { overflow-wrap: anywhere }
th, td { text-align: left; vertical-align: top; padding: .125rem 1rem .125rem 0 }
:focus-visible { outline: 3px solid; outline-offset: 2px }
"""
DIGEST: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{DIGEST}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}
JSON: Final = "application/json"

Operation = tuple[str, str, Mapping[str, Any]]


def hang(app: FastAPI) -> None:
    @app.get(PATH, include_in_schema=False)
    async def read(request: Request) -> Response:
        text = page(app.openapi(), str(request.base_url).rstrip("/"))
        return Response(text, media_type="text/html", headers=HEADERS)


def page(document: Mapping[str, Any], base: str) -> str:
    """`base` is where the examples ask."""
    found = list(_operations(document))
    title = escape(f"{document['info']['title']} {document['info']['version']}: routes")
    routes = "".join(f'<li><a href="#{_id(each)}">{_name(each)}</a>: {_words(each)}</li>' for each in found)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><h1>{title}</h1>'
        f'<p>The same for programs: <a href="/openapi.json">/openapi.json</a></p>'
        f'<nav aria-label="Routes"><ul>{routes}</ul></nav>'
        f"<main>{''.join(_section(each, base) for each in found)}</main></body></html>"
    )


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _id(asked: Operation) -> str:
    return escape(asked[2]["operationId"])


def _name(asked: Operation) -> str:
    return f"<code>{escape(f'{asked[0]} {asked[1]}')}</code>"


def _words(asked: Operation) -> str:
    return escape(asked[2].get("summary", ""))


def _section(asked: Operation, base: str) -> str:
    operation = asked[2]
    parameters = [(each["name"], f"in the {each['in']}; {_said(each)}") for each in operation.get("parameters", ())]
    statuses = [(status, each.get("description", "")) for status, each in operation["responses"].items()]
    return (
        f'<section id="{_id(asked)}"><h2>{_name(asked)}</h2><p>{_words(asked)}. '
        f"{escape(operation.get('description', ''))}</p>{_table('Parameters', parameters)}"
        f"{''.join(_examples(asked, base))}{_table('Statuses', statuses)}</section>"
    )


def _said(parameter: Mapping[str, Any]) -> str:
    needed = "needed" if parameter.get("required") else "may be left out"
    return f"{needed}. {parameter.get('description', '')}"


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    cells = "".join(
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{escape(said)}</td></tr>' for name, said in rows
    )
    return f"<h3>{title}</h3><table>{cells}</table>" if rows else ""


def _examples(asked: Operation, base: str) -> Iterator[str]:
    """As commands; what a path has places for is named as it stands there."""
    method, path, operation = asked
    if method == "GET":
        yield _command("Ask", f"curl {shlex.quote(base + path)}")
    for name, each in operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("examples", {}).items():
        body = shlex.quote(json.dumps(each["value"], indent=1))
        ask = f"curl {shlex.quote(base + path)} -H {shlex.quote(f'Content-Type: {JSON}')} -d {body}"
        yield _command(each.get("summary", name), ask)


def _command(title: str, command: str) -> str:
    label = escape(title, quote=True)
    return (
        f'<details><summary>{label}</summary><pre tabindex="0" aria-label="{label}">{escape(command)}</pre></details>'
    )
