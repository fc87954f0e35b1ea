"""`fraudstream settings` shows what holds and where it comes from, and never a password."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from fraudstream.commands.settings import settings
from schemas.settings import leaves

PROGRAM = "import typer; from fraudstream.commands.settings import settings; typer.run(settings)"
SECRETS = {
    "FRAUDSTREAM_REDIS_URL": "redis://me:hush-7@host:6379/0",
    "FRAUDSTREAM_KAFKA_PROPERTIES__SASL_PASSWORD": "hush-7",
}


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FRAUDSTREAM_")]:
        monkeypatch.delenv(name)
    app = typer.Typer()
    app.command()(settings)
    return app


def test_every_setting_is_on_a_line_of_its_own(app: typer.Typer, tmp_path: Path) -> None:
    """Not on a terminal it is plain text in columns, with the source of each value."""
    (tmp_path / "fraudstream.toml").write_text("[score]\nworkers = 2\n")
    result = CliRunner().invoke(app, ["--set", "log.level=debug"], env=SECRETS)
    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert [line.split()[0] for line in lines if "properties." not in line] == [
        leaf.path for leaf in leaves() if leaf.path != "kafka.properties"
    ]
    assert [line.split(maxsplit=2) for line in lines if not line.endswith(" default")] == [
        ["kafka.properties.sasl.password", "***", "environment FRAUDSTREAM_KAFKA_PROPERTIES__SASL_PASSWORD"],
        ["redis.url", "redis://me:***@host:6379/0", "environment FRAUDSTREAM_REDIS_URL"],
        ["score.workers", "2", "fraudstream.toml line 2"],
        ["log.level", "debug", "command line"],
    ]


def test_json_is_for_programs(app: typer.Typer, tmp_path: Path) -> None:
    """The same rows as one JSON list, masked too."""
    named = tmp_path / "other.toml"
    named.write_text('[kafka]\nbootstrap = "a:1"\n')
    result = CliRunner().invoke(app, ["--json", "--config", str(named)], env=SECRETS)
    rows = {row["path"]: row for row in json.loads(result.output)}
    assert rows["kafka.bootstrap"] == {"path": "kafka.bootstrap", "value": "a:1", "origin": f"{named} line 2"}
    assert "hush" not in result.output


def test_a_terminal_gets_a_table(tmp_path: Path) -> None:
    """On a real terminal the rows are drawn, with a heading, without the secret."""
    shown = on_a_terminal(tmp_path)
    assert "setting" in shown.splitlines()[0]
    assert "kafka.bootstrap" in shown
    assert "hush" not in shown


def on_a_terminal(folder: Path) -> str:
    main, worker = pty.openpty()
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "160", **SECRETS}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=folder, env=env, stdout=worker, stderr=worker)
    os.close(worker)
    parts = []
    try:
        while part := os.read(main, 65_536):
            parts.append(part)
    except OSError:  # how a terminal says that nobody writes any more
        pass
    os.close(main)
    assert process.wait(timeout=30) == 0
    return b"".join(parts).decode()
