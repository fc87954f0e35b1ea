"""The lessons, in their order."""

import time
from collections.abc import Sequence
from typing import Any, Final

from fraudstream.tutorial.doors import Doors
from fraudstream.tutorial.lesson import Lesson, Result
from fraudstream.tutorial.pupils import REVIEWS

CUSTOMERS: Final[Sequence[dict[str, Any]]] = (
    {"id": 101, "days_since_order": 3, "orders": 14},
    {"id": 102, "days_since_order": 35, "orders": 6},
    {"id": 103, "days_since_order": 62, "orders": 9},
    {"id": 104, "days_since_order": 75, "orders": 9},
    {"id": 105, "days_since_order": 110, "orders": 2},
)
STRICT: Final = 0.8
MANY: Final = 1_000
ASKED: Final = 50
DIGITS: Final = 9
"""Trees add up in doubles."""


def doubling(doors: Doors) -> Sequence[Result]:
    filed = doors.file("doubler", [{"number": each} for each in (1, 2, 3)])
    with doors.server("doubler") as door:
        single = door.one({"number": 4})
    return [
        Result("a file with 1, 2, 3 gives", [round(each, DIGITS) for each in filed.predictions], [2, 4, 6]),
        Result("a request with 4 gives", round(single, DIGITS), 8),
    ]


def thresholds(doors: Doors) -> Sequence[Result]:
    even, strict = doors.file("leavers", CUSTOMERS), doors.file("leavers", CUSTOMERS, STRICT)
    with doors.server("leavers") as door:
        asked = {name: cell for name, cell in CUSTOMERS[2].items() if name != "id"}
        single = door.ask(dataframe_records=[asked], params={"threshold": STRICT}).said["predictions"]
    return [
        Result("customers who leave, from a score of 0.5 on", _leaving(even.rows), [103, 104, 105]),
        Result("the same file, from 0.8 on", _leaving(strict.rows), [104, 105]),
        Result("customer 103 alone, asked with 0.8", single, [0]),
    ]


def reviews(doors: Doors) -> Sequence[Result]:
    batch = doors.file("critic", [{"text": each} for each in ("I enjoyed that", "Dull movie")])
    with doors.server("critic") as door:
        single = door.ask(inputs="Great movie").said["predictions"]
        score = door.ask(inputs="Great movie", params={"output": "score"}).said["predictions"][0]
    return [
        Result("the batch ['I enjoyed that', 'Dull movie'] gives", batch.predictions, [1, 0]),
        Result("the single review 'Great movie' gives", single, [1]),
        Result("the probability that it is a good one", f"{score:.3f}", "0.620"),
    ]


def file_against_request(doors: Doors) -> Sequence[Result]:
    rows = [{"text": list(REVIEWS)[number % len(REVIEWS)]} for number in range(MANY)]
    filed = doors.file("critic", rows)
    with doors.server("critic") as door:
        door.one("warm")
        began = time.perf_counter()
        asked = [door.one(each["text"]) for each in rows[:ASKED]]
        each_s = (time.perf_counter() - began) / ASKED
    same = asked == filed.predictions[:ASKED]
    return [
        Result(f"the first {ASKED} of {MANY:,} reviews, asked one by one, get the answers of the file", same, True),
        Result(f"measured here: {MANY:,} rows in one file", f"{filed.seconds * 1000:.0f} ms"),
        Result("measured here: one request", f"{each_s * 1000:.1f} ms"),
        Result(f"so {MANY:,} requests, one after the other", f"{each_s * MANY * 1000:.0f} ms"),
    ]


def stale(doors: Doors) -> Sequence[Result]:
    at_night = {each["id"]: each["prediction"] for each in doors.file("leavers", CUSTOMERS).rows}
    with doors.server("leavers") as door:
        now = door.one({"days_since_order": 0, "orders": 10})
    return [
        Result("customer 104 in the file of the night", at_night[104], 1),
        Result("customer 104 asked this morning, after an order", now, 0),
    ]


def one_bad_row(doors: Doors) -> Sequence[Result]:
    rows = [CUSTOMERS[0], {**CUSTOMERS[1], "orders": "six"}, CUSTOMERS[4]]
    filed = doors.file("leavers", rows)
    with doors.server("leavers") as door:
        refused = door.ask(dataframe_records=rows)
    counted = [filed.done.read, filed.done.written, filed.done.rejects.total]
    return [
        Result("the file: rows in, rows out, rejects", counted, [3, 2, 1]),
        Result("its rejects say", filed.rejects[0]["reason"], "wrong_type"),
        Result("the request with the same rows: status", refused.status, 400),
        Result("and predictions", len(refused.said.get("predictions", [])), 0),
    ]


def _leaving(rows: Sequence[dict[str, Any]]) -> list[int]:
    return [each["id"] for each in rows if each["prediction"] == 1]


LESSONS: Final = (
    Lesson(
        "doubling",
        "A list at night, a number at once",
        """\
Batch is a list that is there already: it goes through the model as a file, and comes back as one. Real time is one
value that somebody is waiting with. The model is the same; only the door is another.""",
        doubling,
        "The same model, the same answers: what differs is who waits, and for what.",
    ),
    Lesson(
        "thresholds",
        "Thresholds over customers",
        """\
A model gives every customer a score. Where to draw the line is a choice of its own: 0.5 is the model's, a campaign
that can call few people draws it higher. The ids stay beside the answers.""",
        thresholds,
        "A threshold moves the prediction, never the score.",
    ),
    Lesson(
        "reviews",
        "Reviews, many and one",
        """\
A vectoriser makes numbers of words, a classifier makes a verdict of the numbers. They are registered as one pipeline,
so that a file and a request are read with the same words.""",
        reviews,
        "A classifier without its vectoriser is refused when it is registered: nobody could ask it anything.",
    ),
    Lesson(
        "file_against_request",
        "One file against one request",
        """\
A file pays once for starting and reading, then only for its rows. A request pays for its way every time, and is
answered in milliseconds.""",
        file_against_request,
        """\
Batch is right where everyone is scored anyway, the answer may be some hours old, and is looked up later.
Real time is right where the answer depends on what happened a moment ago, and something is decided on it now.""",
    ),
    Lesson(
        "stale",
        "The wrong way round: the night's answer to a question of now",
        """\
At night customer 104 looked as if leaving. In the morning an order came in. Whoever looks into the file calls somebody
who has just bought something.""",
        stale,
        "A batch answer is as old as its file. Look it up where that does no harm; ask where it does.",
    ),
    Lesson(
        "one_bad_row",
        "The wrong way round: a night's file sent as a request",
        """\
One row in three has a word where a number must be. A file sets it aside and goes on; a request is one question, and is
answered whole or not at all.""",
        one_bad_row,
        """\
Send a table as a request, and its worst row decides for all of them. Ask row by row instead, and you wait for as many
requests as there are rows.""",
    ),
)
