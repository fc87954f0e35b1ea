import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from support.bank import Bank, columns, rows

from models.features import Places
from models.history import Builder

PLAIN = """
import sys
from pathlib import Path
from test_plain import matrix
Path(sys.argv[1]).write_bytes(matrix().tobytes())
"""


def matrix() -> np.ndarray:
    """Of a bank of few cards and terminals, so that everything meets."""
    bank, builder = Bank(9, 900, cards=30, terminals=12), Builder(Places("Europe/Berlin", ("DE",)))
    builder.learn(columns(bank.labels))
    whole = rows(bank.log)
    return np.concatenate([builder.fold(whole.slice(at, 100)).features for at in range(0, len(bank.log), 100)])


def test_the_same_without_compilation(tmp_path: Path) -> None:
    """As plain Python the whole way from logs to features has the same bits, and nothing overflows."""
    here = Path(__file__)
    paths = os.pathsep.join(map(str, (here.parent, here.parents[2], here.parents[3])))
    script = [sys.executable, "-W", "error::RuntimeWarning", "-c", PLAIN, str(tmp_path / "bits")]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": paths}
    subprocess.run(script, check=True, env=environment, timeout=120)
    found = matrix()
    assert (tmp_path / "bits").read_bytes() == found.tobytes()
    assert (~np.isnan(found)).any(axis=0).all()
