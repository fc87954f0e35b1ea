"""Commands as people type them, in this process: exit code, what was printed, what was said beside it."""

import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from fraudstream.cli import main


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Typed:
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *words: object) -> Done:
        self.monkeypatch.setattr(sys, "argv", ["fraudstream", *map(str, words)])
        self.capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = self.capsys.readouterr()
        return Done(code, out, err)

    def well(self, *words: object) -> Done:
        done = self(*words)
        assert done.code == 0, done.err
        return done

    def badly(self, code: int, *words: object) -> str:
        """What it says, the fix among it."""
        done = self(*words)
        assert done.code == code, (done.code, done.out, done.err)
        assert "fix:" in done.err or code == 2
        return done.err
