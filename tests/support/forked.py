"""`python -m fraudstream`, each time in a process of its own, but with what it imports imported once.

A server waits with the libraries loaded and forks for each command line, which then runs from the program's own
beginning: arguments, folder, environment, input and exit code are as if the program had been started.
"""

import json
import os
import runpy
import select
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PROGRAM = "fraudstream"


class Forked:
    """One command at a time."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self._server = subprocess.Popen([sys.executable, __file__], stdin=pipe, stdout=pipe)

    def run(
        self, *arguments: str, cwd: Path, env: Mapping[str, str], timeout: float = 120, typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        asked = {"arguments": arguments, "cwd": str(cwd), "env": dict(env), "typed": typed}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(asked).encode() + b"\n")
        self._server.stdin.flush()
        if not select.select([self._server.stdout], [], [], timeout)[0]:
            self.close()
            raise subprocess.TimeoutExpired([PROGRAM, *arguments], timeout)
        return subprocess.CompletedProcess([PROGRAM, *arguments], *json.loads(self._server.stdout.readline()))

    def close(self) -> None:
        """Whatever runs is ended too."""
        self._server.kill()
        self._server.communicate()


def serve() -> None:
    for line in sys.stdin:
        print(json.dumps(answered(**json.loads(line))), flush=True)  # noqa: T201


def answered(arguments: list[str], cwd: str, env: dict[str, str], typed: str) -> tuple[int, str, str]:
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as told:
        given.write(typed.encode())
        given.seek(0)
        child = os.fork()
        if not child:
            for number, file in enumerate((given, out, told)):
                os.dup2(file.fileno(), number)
            os._exit(ran(arguments, cwd, env))
        _, status = os.waitpid(child, 0)
        out.seek(0)
        told.seek(0)
        return os.waitstatus_to_exitcode(status), out.read().decode(), told.read().decode()


def ran(arguments: list[str], cwd: str, env: dict[str, str]) -> int:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.path[:] = [cwd, *filter(None, env.get("PYTHONPATH", "").split(os.pathsep)), *INSTALLED]
    sys.argv = [PROGRAM, *arguments]
    try:
        runpy.run_module(PROGRAM, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return ended(end.code)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def ended(code: Any) -> int:
    return code if isinstance(code, int) else 0 if code is None else 1


if __name__ == "__main__":
    import fraudstream.cli
    import fraudstream.drifting
    import fraudstream.evaluation
    import fraudstream.rule_trial
    import fraudstream.training  # noqa: F401 - done once, before the processes part

    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    INSTALLED = [each for each in sys.path[1:] if each not in given]
    serve()
