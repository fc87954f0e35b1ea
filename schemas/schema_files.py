"""Answers of a schema registry kept on disk, for the time when it does not answer."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.settings.masking import masked


class SchemaFiles:
    """One file per answer. They only ever help: what cannot be read or written is as if it were not there."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder / hashlib.sha256(masked(url).encode()).hexdigest()[:16]

    def read(self, name: str) -> dict[str, Any] | None:
        try:
            kept = json.loads(self._file(name).read_bytes())
            return kept["answer"] if kept["sha256"] == digest(kept["answer"]) else None
        except (OSError, RuntimeError, ValueError, KeyError, TypeError):
            return None

    def write(self, name: str, answer: Mapping[str, Any]) -> None:
        """Whole or not at all, also when the process dies or two write at once."""
        try:
            target = self._file(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._replace(target, json.dumps({"answer": answer, "sha256": digest(answer)}))
        except (OSError, RuntimeError):
            return

    def _file(self, name: str) -> Path:
        return (self._folder / f"{name}.json").expanduser()

    @staticmethod
    def _replace(target: Path, text: str) -> None:
        descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
            Path(draft).replace(target)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise


def digest(answer: object) -> str:
    return hashlib.sha256(json.dumps(answer, sort_keys=True).encode()).hexdigest()
