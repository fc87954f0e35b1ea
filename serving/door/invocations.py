"""POST /invocations: a body in, a prediction for each of its rows out. Plain ASGI, for it is asked thousands of times.

    admit · read the body · rows as the model takes them · queue · answer

Rows of large bodies are read on a thread, so that small requests do not wait for them.
"""

import asyncio
from typing import Final

from starlette.types import Receive, Scope, Send

from schemas.settings.serve import Serve
from serving.door.body import Bodies, Gone
from serving.door.content import kind_in
from serving.door.live import Live
from serving.door.model import Ask, Kind, Model
from serving.refusal import Refusal

PATH: Final = "/invocations"
LARGE: Final = 16_384
"""Bytes from which on a body is read on a thread; below, handing it over would cost more than reading it."""
LATE: Final = "the answer was not there in time"
OLD: Final = (
    (b"deprecation", b"true"),
    (b"warning", b'299 - "`data` is an old name: send dataframe_split, dataframe_records, instances or inputs"'),
)
JSON: Final = (b"content-type", b"application/json")


class Invocations:
    def __init__(self, live: Live, settings: Serve) -> None:
        self._live, self._settings = live, settings
        self._bodies = Bodies(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            raise Refusal(405, "ask with POST", headers={"allow": "POST"})
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                model, ask, answer = await self._answered(scope, receive)
        except TimeoutError:
            raise Refusal(504, LATE) from None
        except Gone:
            return
        ref = model.ref
        headers = [
            JSON,
            (b"content-length", str(len(answer)).encode()),
            (b"x-model", f"{ref.name}/{ref.version} {ref.digest}".encode("latin-1", "replace")),
            *(OLD if ask.old else ()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _answered(self, scope: Scope, receive: Receive) -> tuple[Model, Ask, bytes]:
        kind, headers = kind_in(scope["headers"]), dict(scope["headers"])
        self._live.answering()
        body = await self._bodies.read(receive, headers.get(b"content-length"))
        try:
            model = self._live.answering()
            ask = await self._read(model, kind, body)
            return model, ask, await self._live.batcher.submit(model, ask)
        finally:
            self._bodies.release(body)

    async def _read(self, model: Model, kind: Kind, body: bytes) -> Ask:
        if len(body) < LARGE:
            return model.read(kind, body, self._settings.rows)
        return await asyncio.to_thread(model.read, kind, body, self._settings.rows)
