import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
from support.labels import NAMES, World, columns, learned

PLAIN = """
import pickle, sys
from pathlib import Path
from models.labels import LabelBook
from models.labels.facts import NAMES
folder = Path(sys.argv[1])
labels, cells = pickle.loads((folder / "given").read_bytes())
book = LabelBook()
for first in range(0, len(labels), 100):
    book.learn(labels.take(slice(first, first + 100)))
book = LabelBook.from_arrays(book.to_arrays())
facts = book.answers(*cells)
(folder / "facts").write_bytes(pickle.dumps({name: getattr(facts, name).copy() for name in NAMES}))
"""


def test_the_same_without_compilation(tmp_path: Path) -> None:
    """As plain Python the loops give the identical answers, and no warning of an overflow."""
    world = World(3, events=600, cards=20, terminals=8)
    asked = np.array(world.questions(300))
    cells = (asked[:, 0].astype(np.uint64), asked[:, 1].astype(np.uint64), asked[:, 2].copy())
    (tmp_path / "given").write_bytes(pickle.dumps((columns(world.labels), cells)))
    script = [sys.executable, "-W", "error::RuntimeWarning", "-c", PLAIN, str(tmp_path)]
    subprocess.run(script, check=True, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, timeout=120)
    plain = pickle.loads((tmp_path / "facts").read_bytes())
    compiled = learned(world.labels).answers(*cells)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(compiled, name), plain[name], err_msg=name)
