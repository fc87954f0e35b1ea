"""The two doors of the tutorial: a file through `models predict`, a request to the server of `models serve`."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from batch.predicting.places import rejects_beside
from batch.predicting.run import Done, Job, run
from batch.predicting.ways import OfModel
from fraudstream.serving.model import live
from models.predicting.predictor import Predictor
from models.registry.registry import Registry
from schemas.settings import Settings
from schemas.tables import Format, Lying
from serving.app import Parts, build
from serving.server import running

EVEN: Final = 0.5
PATIENCE_S: Final = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and how long it took."""

    status: int
    said: dict[str, Any]
    seconds: float


@dataclass(frozen=True, slots=True)
class Filed:
    rows: list[dict[str, Any]]
    done: Done
    rejects: list[dict[str, Any]]
    seconds: float

    @property
    def predictions(self) -> list[Any]:
        return [each["prediction"] for each in self.rows]


@dataclass(frozen=True, slots=True)
class Doors:
    folder: Path
    settings: Settings

    def file(self, model: str, rows: Sequence[dict[str, Any]], threshold: float = EVEN) -> Filed:
        """Rows in one file, predictions in another; Parquet keeps every type."""
        source, output = self.folder / f"{model}.json", self.folder / f"{model}.parquet"
        source.write_text(json.dumps(list(rows)))
        way = OfModel(Predictor.load(Registry(self.settings.models.root), _named(model)), threshold)
        beside = rejects_beside(output)
        job = Job(Lying(source), Format.JSON, output, Format.PARQUET, beside)
        began = time.perf_counter()
        done = run(job, way, lambda _what, _rows: None)
        return Filed(_rows(output), done, _lines(beside), time.perf_counter() - began)

    @contextmanager
    def server(self, model: str) -> Iterator["Door"]:
        """On a free port of this machine, for as long as the block."""
        serve = self.settings.serve.model_copy(update={"port": 0})
        settings = self.settings.model_copy(update={"serve": serve})
        with running(build(Parts(serve, "tutorial", live=live(settings, _named(model)))), serve) as url:
            yield Door(url)


@dataclass(frozen=True, slots=True)
class Door:
    url: str

    def ask(self, **body: Any) -> Answer:  # noqa: ANN401 - anything JSON can say
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.url}/invocations", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
                return Answer(answer.status, json.load(answer), time.perf_counter() - began)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, json.load(error), time.perf_counter() - began)

    def one(self, row: Any) -> Any:  # noqa: ANN401
        """Its prediction."""
        return self.ask(inputs=[row] if not isinstance(row, dict) else row).said["predictions"][0]


def _named(model: str) -> str:
    return f"models:/{model}/1"


def _rows(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
