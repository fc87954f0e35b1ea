"""Runs the real command line once per line of input, each time in a process of its own that may crash alone.

The imports are done once; a line is a JSON list of arguments, the answer a JSON list of exit code, output and errors.
"""

import json
import os
import resource
import sys
import tempfile
import traceback

import sklearn.ensemble  # noqa: F401
import skops.io  # noqa: F401 - done once, before the processes part

import models.registry.registry  # noqa: F401
from fraudstream import cli

ADDRESS_SPACE = 4 << 30


def run(arguments: list[str]) -> tuple[int, str, str]:
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if not child:
            code = 1
            try:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
                sys.argv = ["fraudstream", *arguments]
                cli.main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0
            except BaseException:  # noqa: BLE001 - shown to the test
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        return os.waitstatus_to_exitcode(status), out.read(), err.read()


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)  # noqa: T201
