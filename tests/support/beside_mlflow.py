"""The same bodies to this door and to MLflow's own server, with the same models; every difference must be documented.

    python -m support.beside_mlflow --mlflow FOLDER    FOLDER is a virtual environment that has mlflow

Also: MLflow loads the directories that we write and predicts the same, and its client works against this door. The
exit code is 1 where anything differs that docs/http.md does not name, or where it names what does not differ.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from support.bodies import BODIES, MODELS, Body, columns, rows
from support.differences import differences
from support.served import registered, served

from fraudstream.local import ports
from fraudstream.serving.model import live
from schemas.settings import load

START_S = 90.0
NO_ANSWER = 0
FEWER = "as-many-predictions"
Seen = dict[str, dict[int, list[str]]]
"""By difference and by MLflow's status, of which bodies and models."""
CLIENT = """
import json, sys
import pandas
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

said = json.load(sys.stdin)
url = said["url"].rsplit(":", 1)
client = ScoringServerClient(url[0].removeprefix("http://"), int(url[1]))
client.wait_server_ready(timeout=10)
frame = pandas.DataFrame(said["rows"], columns=said["columns"])
print(json.dumps(client.invoke(frame).get_predictions().iloc[:, 0].tolist()))
"""
LOADED = """
import json, sys
import mlflow.pyfunc, mlflow.sklearn
import pandas

said = json.load(sys.stdin)
frame = pandas.DataFrame(said["rows"], columns=said["columns"])
if said["columns"] == ["text"]:
    found = mlflow.sklearn.load_model(said["folder"]).predict(frame["text"])
else:
    found = mlflow.pyfunc.load_model(said["folder"]).predict(frame)
print(json.dumps(found.tolist()))
"""


@dataclass(frozen=True)
class Answered:
    status: int
    predictions: Any


def asked(client: httpx.Client, body: Body, model: str) -> Answered:
    try:
        answer = sent(client, body, model)
    except httpx.TransportError:
        return Answered(NO_ANSWER, None)
    predictions = None
    if answer.status_code == 200:
        try:
            predictions = answer.json()["predictions"]
        except ValueError:
            predictions = "no JSON"
    return Answered(answer.status_code, predictions)


def sent(client: httpx.Client, body: Body, model: str) -> httpx.Response:
    """Once more on a connection of its own: one on which a server failed may be of no use."""
    try:
        return client.request(body.method, "/invocations", content=body.content(model), headers=body.sent())
    except httpx.TransportError:
        url = client.base_url.join("/invocations")
        return httpx.request(body.method, url, content=body.content(model), headers=body.sent(), timeout=60)


@contextmanager
def mlflow(environment: Path, folder: Path, log: Path) -> Iterator[tuple[str, int]]:
    """MLflow's server of that directory, by the command of its tutorials: its address, and its session."""
    port = ports.pick(random.Random())
    program = str(environment / "bin" / "mlflow")
    command = [program, "models", "serve", "-m", str(folder), "-p", str(port), "--env-manager", "local"]
    path = f"{environment / 'bin'}:{os.environ['PATH']}"
    own = {**os.environ, "PATH": path, "PYTHONPATH": "", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written, env=own, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        await_ping(url, process, log)
        yield url, process.pid
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


def await_ping(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_S
    while True:
        try:
            if httpx.get(f"{url}/ping").status_code == 200:
                return
        except httpx.TransportError:
            pass
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"MLflow's server did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.2)


def run_there(environment: Path, code: str, **said: Any) -> Any:
    own = {**os.environ, "PYTHONPATH": "", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    done = subprocess.run(
        [environment / "bin" / "python", "-c", code],
        input=json.dumps(said),
        capture_output=True,
        text=True,
        check=False,
        env=own,
        timeout=120,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlflow", type=Path, required=True)
    environment = parser.parse_args().mlflow
    wrong: list[str] = []
    seen: Seen = {}
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        registry = registered(Path(scratch, "models"), *MODELS)
        settings = load({"models.root": str(registry.root)})
        for model in MODELS:
            folder = registry.resolve(f"models:/{model}/1").folder
            theirs, _ = stack.enter_context(mlflow(environment, folder, Path(scratch, f"{model}.log")))
            ours = stack.enter_context(served(live(settings, f"models:/{model}/Production")))
            with httpx.Client(base_url=ours) as here, httpx.Client(base_url=theirs, timeout=60) as there:
                for body in BODIES:
                    found = {"ours": asked(here, body, model), "theirs": asked(there, body, model)}
                    compare(body, model, **found, wrong=wrong, seen=seen)
                expected = here.post(
                    "/invocations", json={"dataframe_split": {"columns": columns(model), "data": rows(model)}}
                )
            found = expected.json()["predictions"]
            if run_there(environment, LOADED, folder=str(folder), rows=rows(model), columns=columns(model)) != found:
                wrong.append(f"{model}: MLflow loads the directory and predicts something else")
            if run_there(environment, CLIENT, url=ours, rows=rows(model), columns=columns(model)) != found:
                wrong.append(f"{model}: MLflow's client hears something else from this door")
            told(f"{model}: {len(BODIES)} bodies, the directory loaded, the client heard")
    for name, row in differences().items():
        if name not in seen:
            if any(body.differs == name for body in BODIES):
                wrong.append(f"{name} is documented and does not differ")
        elif set(seen[name]) != row.mlflow:
            wrong.append(f"{name}: MLflow answers {sorted(seen[name])}, documented are {sorted(row.mlflow)}")
    for name, by_status in sorted(seen.items()):
        told(name, *(f"{status}: {', '.join(bodies)}" for status, bodies in by_status.items()))
    told("\n".join(wrong) or "every difference is documented")
    return 1 if wrong else 0


def told(*lines: str) -> None:
    sys.stdout.write("\n    ".join(lines) + "\n")
    sys.stdout.flush()


def compare(body: Body, model: str, *, ours: Answered, theirs: Answered, wrong: list[str], seen: Seen) -> None:
    if ours == theirs or (ours.status == theirs.status and ours.status != 200):
        return
    differs = body.differs
    if theirs.status == 200 and ours.predictions != theirs.predictions and len(theirs.predictions) < len(rows(model)):
        differs = FEWER
    if differs:
        seen.setdefault(differs, {}).setdefault(theirs.status, []).append(f"{body.name} / {model}")
    else:
        wrong.append(f"{body.name} / {model}: here {ours}, MLflow {theirs}")


if __name__ == "__main__":
    sys.exit(main())
