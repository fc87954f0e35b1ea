from io import BufferedReader, BytesIO
from pathlib import Path

import fastavro
import pytest

from producer.files import MOST_ROWS, Format, Rows, format_of, opened
from producer.rows import rows_of
from schemas.contracts import TRANSACTION
from schemas.errors import Usage

REQUIRED = "event_id,event_time,card_id,customer_id,terminal_id,amount_minor,currency"
ROW = {
    "event_id": "e1",
    "event_time": 1_767_225_600_000,
    "card_id": "card-1",
    "customer_id": "1",
    "terminal_id": "t1",
    "amount_minor": 100,
    "currency": "EUR",
}


def read(data: bytes, style: Format, notes: list[str] | None = None) -> Rows:
    whole = Rows()
    for rows in rows_of(BufferedReader(BytesIO(data)), style, print if notes is None else notes.append):
        whole.lines += rows.lines
        whole.values += rows.values
        whole.rejects += rows.rejects
    return whole


def csv(*lines: str) -> bytes:
    return "\n".join([REQUIRED + ",memo", *lines, ""]).encode()


@pytest.mark.parametrize(
    ("path", "told", "style"),
    [
        ("a.jsonl", None, Format.JSONL),
        ("a.ndjson", None, Format.JSONL),
        ("A.CSV", None, Format.CSV),
        ("x/y.avro", None, Format.AVRO),
        ("-", None, Format.JSONL),
        ("-", Format.CSV, Format.CSV),
        ("a.csv", Format.AVRO, Format.AVRO),
    ],
)
def test_format_by_suffix_or_as_told(path: str, told: Format | None, style: Format) -> None:
    """What is told counts, then the suffix; standard input is JSON lines."""
    assert format_of(path, told) is style


def test_an_unknown_suffix_asks_for_the_format() -> None:
    """A file whose format nobody told is refused with the option that tells it."""
    with pytest.raises(Usage, match=r"a\.txt") as caught:
        format_of("a.txt", None)
    assert "--format" in caught.value.fix


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_opened(tmp_path: Path, name: str) -> None:
    """A path that is no readable file is a usage error that names it."""
    with pytest.raises(Usage, match=str(tmp_path)), opened(str(tmp_path / name)):
        pass


def test_json_lines() -> None:
    """Objects come with their line, blank lines are skipped, a byte order mark and Windows line ends do not matter."""
    found = read(b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"b": "x\\n"}', Format.JSONL)
    assert (found.lines, found.values, found.rejects) == ([1, 3], [{"a": 1}, {"b": "x\n"}], [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1]", "invalid_json"),
        (b"12", "invalid_json"),
        (b'{"a": 1', "invalid_json"),
        (b'{"a": NaN}', "invalid_json"),
        (b'{"a": 1} {"a": 2}', "invalid_json"),
        (b'{"a": "\xff"}', "invalid_utf8"),
        (b"[" * 100_000, "invalid_json"),
        (b"\x00", "invalid_json"),
    ],
)
def test_lines_that_are_no_object_are_rejects(line: bytes, reason: str) -> None:
    """A bad line is told with number and reason, and its neighbours are read."""
    found = read(b'{"a": 1}\n' + line + b'\n{"a": 3}\n', Format.JSONL)
    assert [(each.line, each.reason) for each in found.rejects] == [(2, reason)]
    assert found.lines == [1, 3]


@pytest.mark.parametrize("style", [Format.JSONL, Format.CSV])
def test_utf16_is_named(style: Format) -> None:
    """A file that a spreadsheet wrote as UTF-16 is refused once, with the way to convert it."""
    with pytest.raises(Usage, match="UTF-16") as caught:
        read('{"a": 1}\n'.encode("utf-16"), style)
    assert "iconv" in caught.value.fix


def test_csv_cells_stay_text() -> None:
    """Ids such as 0101 keep their zeros, empty cells stay empty, and quoted cells may hold commas, quotes and lines."""
    found = read(csv('0101,5,007,0042,t,12,EUR,"one\ntwo, ""three"""', "e,6,c,1,t,13,EUR,"), Format.CSV)
    first, second = found.values
    assert (first["event_id"], first["card_id"], first["customer_id"]) == ("0101", "007", "0042")
    assert first["memo"] == 'one\ntwo, "three"'
    assert second["memo"] == ""
    assert found.lines == [2, 4]


def test_csv_with_byte_order_mark_and_windows_line_ends() -> None:
    """A file as spreadsheets write it is read like any other."""
    data = b"\xef\xbb\xbf" + csv("e,5,c,1,t,12,EUR,m").replace(b"\n", b"\r\n")
    assert [row["event_id"] for row in read(data, Format.CSV).values] == ["e"]


def test_csv_columns_may_stand_in_any_order() -> None:
    """Columns are found by name; those that nobody knows are told about once."""
    notes: list[str] = []
    data = f"shade,{','.join(reversed(REQUIRED.split(',')))}\nred,EUR,12,t,1,c,5,e\n".encode()
    found = read(data, Format.CSV, notes)
    assert found.values[0]["event_id"] == "e"
    assert len(notes) == 1
    assert "shade" in notes[0]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", "no column event_id"),
        ("event_id,card_id", "no column event_time, customer_id, terminal_id, amount_minor, currency"),
        (REQUIRED + ",memo,memo", "memo twice"),
        ('"' + REQUIRED, "not CSV"),
    ],
)
def test_csv_headers_that_will_not_do(header: str, said: str) -> None:
    """A header without a required column ends it before the first row, naming what is missing."""
    with pytest.raises(Usage, match=said):
        read(header.encode() + b"\n1,2\n", Format.CSV)


def test_bad_csv_rows_are_rejects() -> None:
    """Too few cells, too many, or a stray quote: each is told with the line it begins at, and the others are read."""
    found = read(
        csv(
            "e1,5,c,1,t,12,EUR,",
            "short,5",
            "e2,5,c,1,t,12,EUR,m,more",
            'e3,5,c,1,t,12,EUR,"x"y',
            "",
            "e4,5,c,1,t,1,EUR,",
        ),
        Format.CSV,
    )
    assert [row["event_id"] for row in found.values] == ["e1", "e4"]
    assert [(each.line, each.reason) for each in found.rejects] == [
        (3, "invalid_encoding"),
        (4, "invalid_encoding"),
        (5, "invalid_encoding"),
    ]


def test_a_quote_that_never_closes_is_a_reject() -> None:
    """What the open quote swallowed is told, not lost without a word."""
    found = read(csv("e1,5,c,1,t,12,EUR,", 'e2,5,c,1,t,12,EUR,"open', "e3,5,c,1,t,12,EUR,"), Format.CSV)
    assert [row["event_id"] for row in found.values] == ["e1"]
    assert [each.line for each in found.rejects] == [3]


def avro(rows: list[dict[str, object]], schema: dict[str, object] = TRANSACTION.schema, codec: str = "null") -> bytes:
    data = BytesIO()
    fastavro.writer(data, schema, rows, codec=codec, sync_interval=500)
    return data.getvalue()


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_avro(codec: str) -> None:
    """Rows are numbered from 1 and come as they stand, times in milliseconds and optional fields filled in."""
    found = read(avro([ROW | {"event_id": f"e{number}"} for number in range(50)], codec=codec), Format.AVRO)
    assert found.lines == list(range(1, 51))
    assert found.values[49] == {field["name"]: None for field in TRANSACTION.schema["fields"]} | ROW | {
        "event_id": "e49"
    }


def test_avro_of_another_version() -> None:
    """A file with a field more and an optional one fewer is read as a transaction."""
    fields = [field for field in TRANSACTION.schema["fields"] if field["name"] != "memo"]
    schema = TRANSACTION.schema | {"fields": [*fields, {"name": "shade", "type": "string"}]}
    assert read(avro([ROW | {"shade": "red"}], schema), Format.AVRO).values[0]["memo"] is None


def test_avro_with_a_time_that_is_none() -> None:
    """A time beyond the calendar does not end the file: the row is there to be refused by itself."""
    found = read(avro([ROW | {"event_time": 2**60}, ROW]), Format.AVRO)
    assert [row["event_time"] for row in found.values] == [2**60, ROW["event_time"]]


@pytest.mark.parametrize(
    "schema",
    [
        TRANSACTION.schema | {"fields": TRANSACTION.schema["fields"][1:]},
        {"type": "record", "name": "Other", "fields": [{"name": "a", "type": ["null", "string"], "default": None}]},
    ],
)
def test_avro_that_is_no_transaction(schema: dict[str, object]) -> None:
    """A file whose schema cannot be read as a transaction is refused as a whole."""
    with pytest.raises(Usage, match="schema does not fit"):
        read(avro([ROW], schema), Format.AVRO)


@pytest.mark.parametrize("data", [b"", b"hello", csv("e,5,c,1,t,12,EUR,")])
def test_not_avro(data: bytes) -> None:
    """Something else under that name is a usage error."""
    with pytest.raises(Usage, match="cannot be read on after 0 rows"):
        read(data, Format.AVRO)


def test_a_torn_avro_file_gives_what_is_whole() -> None:
    """The rows before the tear come out, and then the error says how many they were."""
    data = avro([ROW | {"event_id": f"e{number}"} for number in range(100)])
    whole: list[object] = []
    with pytest.raises(Usage, match="after") as caught:
        whole.extend(
            value for rows in rows_of(BufferedReader(BytesIO(data[:-40])), Format.AVRO, print) for value in rows.values
        )
    assert 0 < len(whole) < 100
    assert f"after {len(whole)} rows" in str(caught.value)


def test_rows_come_in_bounded_lots() -> None:
    """However long the file, only so many rows are held at once."""
    data = b'{"a": 1}\n' * (2 * MOST_ROWS + 1)
    sizes = [len(rows) for rows in rows_of(BufferedReader(BytesIO(data)), Format.JSONL, print)]
    assert sum(sizes) == 2 * MOST_ROWS + 1
    assert max(sizes) == MOST_ROWS
