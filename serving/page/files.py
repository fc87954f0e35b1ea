"""The files of the page as they are in the package, with what a browser may do with them.

The policy allows nothing but the page's own files and its own server: no inline script or style, no frame, no address
elsewhere.
"""

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}
INDEX: Final = "index.html"


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    type: str
    tag: str

    def answer(self, request: Request) -> Response:
        headers = HEADERS | {"etag": self.tag}
        if request.headers.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        return Response(self.content, media_type=self.type, headers=headers)


def read() -> dict[str, File]:
    """By name, all of them, once."""
    found = {}
    for entry in (files(__package__) / "static").iterdir():
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in TYPES:
            content = entry.read_bytes()
            found[entry.name] = File(content, TYPES[suffix], f'"{sha256(content).hexdigest()[:16]}"')
    return found
