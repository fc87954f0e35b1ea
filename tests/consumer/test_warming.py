import subprocess
import sys

SCRIPT = """
import gc
import pyarrow as pa
from numba.core.dispatcher import Dispatcher
from consumer.warming import PAYMENT, AT_MS, warm
from models.bank import Bank
from models.features import Places
from models.memory import Memory
from schemas.lot import Checks, from_mappings

def compiled():
    kernels = (each for each in gc.get_objects() if isinstance(each, Dispatcher))
    return {f"{each.py_func.__module__}.{each.py_func.__name__}": len(each.signatures) for each in kernels}

warm(Bank())
before = compiled()
bare = {name: value for name, value in PAYMENT.items() if name not in {"device_id", "country", "channel", "latitude"}}
events = [(PAYMENT if number % 3 else bare) | {"event_id": str(number), "event_time": AT_MS + number * 10**8}
          for number in range(40)]
rows = from_mappings(events, Checks()).rows
for places in (Places("Europe/Berlin", ("DE",), (5411,)), Places()):
    made = Bank().memory()
    memory = Memory(made.cards, made.labels, places)
    for first, size in ((0, 0), (0, 1), (1, 1), (2, 30)):
        memory.see(rows.slice(first, size))
    memory.see(rows.filter(pa.array([number % 2 == 0 for number in range(40)])))
    memory.remember(rows)
assert compiled() == before, {name: n for name, n in compiled().items() if before.get(name) != n}
"""


def test_nothing_that_remembers_is_compiled_in_traffic() -> None:
    """Whatever the size of a lot, what it leaves out and where it is cut."""
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=120)
