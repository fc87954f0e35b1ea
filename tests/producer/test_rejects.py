import json
from io import StringIO

from producer.files import Reject
from producer.rejects import MOST_SAID, Rejects


def test_says_some_and_writes_all() -> None:
    """A flood of rejects is told in a few lines per second, while the file and the counts have every one."""
    now, said, file = [0.0], list[str](), StringIO()
    rejects = Rejects(said.append, file, lambda: now[0])
    for number in range(1, 101):
        rejects.add(Reject(number, "wrong_type", "amount_minor"), "line")
    now[0] = 1.5
    rejects.add(Reject(101, "too_long", "memo"), "line")
    rejects.finish()
    assert said[0] == "line 1: wrong_type: amount_minor"
    assert said[MOST_SAID:] == [f"and {100 - MOST_SAID} more", "line 101: too_long: memo"]
    assert rejects.reasons == {"wrong_type": 100, "too_long": 1}
    entries = [json.loads(line) for line in file.getvalue().splitlines()]
    assert len(entries) == 101
    assert entries[100] == {"line": 101, "reason": "too_long", "detail": "memo"}
