from io import BufferedReader, BytesIO

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producer.accept import accepted
from producer.columns import FIELDS
from producer.files import Format
from producer.population import Population
from producer.records import LABELS, TRANSACTIONS, TRUTHS, labels, transactions, truths
from producer.rejects import Rejects
from producer.rows import rows_of
from producer.simulate import Simulation
from producer.write import GROUP_ROWS, write
from schemas.contracts import LABEL
from schemas.lot import Checks, from_mappings

SIMULATION = Simulation(Population.of(100), 5, 1_767_225_600_000, per_day=1_000)


@pytest.mark.parametrize("style", list(Format))
def test_what_is_written_is_read_again(style: Format) -> None:
    """A simulated file of any format gives the simulated rows back, to the last bit, and all of them are accepted."""
    file = BytesIO()
    assert write(file, SIMULATION.chunks(3_000, 700), style, TRANSACTIONS, "Transaction") == 3_000
    notes: list[str] = []
    rows = rows_of(BufferedReader(BytesIO(file.getvalue())), style, notes.append)
    found = pa.Table.from_batches(list(accepted(rows, style, Rejects(pytest.fail), Checks())))
    expected = pa.Table.from_batches([SIMULATION.rows(0, 3_000)]).select(FIELDS)
    assert found.select(FIELDS).to_pylist() == expected.to_pylist()
    assert all("timestamp" in note for note in notes)


@pytest.mark.parametrize("style", [Format.JSONL, Format.AVRO, Format.PARQUET])
def test_labels_are_read_again(style: Format) -> None:
    """What the contract of labels asks for stands in a file of labels, and nothing of it is refused."""
    batches = [labels(SIMULATION, step.verdicts) for step in SIMULATION.steps(3_000, settled=True)]
    file = BytesIO()
    count = write(file, batches, style, LABELS, "Label")
    whole = pa.Table.from_batches(batches)
    if style is Format.PARQUET:
        assert pq.read_table(BytesIO(file.getvalue())).equals(whole)
        return
    if style is Format.AVRO:
        found = list(fastavro.reader(BytesIO(file.getvalue())))
    else:
        lines = BufferedReader(BytesIO(file.getvalue()))
        found = [value for rows in rows_of(lines, style, pytest.fail) for value in rows.values]
    lot = from_mappings(found, Checks(), contract=LABEL)
    assert not lot.refusals
    assert len(lot.rows) == count > 2_800
    assert lot.rows.select(LABELS.names[:-1]).to_pylist() == whole.select(LABELS.names[:-1]).to_pylist()


def test_truths_in_parquet_and_csv() -> None:
    """One line per event: its id, whether it is fraud, and by which scenario."""
    batches = [truths(SIMULATION, step.deliveries) for step in SIMULATION.steps(3_000, size=500)]
    parquet, text = BytesIO(), BytesIO()
    assert write(parquet, batches, Format.PARQUET, TRUTHS, "Truth") == write(text, batches, Format.CSV, TRUTHS, "Truth")
    table = pq.read_table(BytesIO(parquet.getvalue()))
    assert len(set(table["event_id"].to_pylist())) == len(table)
    assert all((row["scenario"] != "genuine") == row["is_fraud"] for row in table.to_pylist())
    assert text.getvalue().startswith(b"event_id,is_fraud,scenario\nsim-5-000000000000,")


def test_row_groups_do_not_depend_on_the_chunks() -> None:
    """The bytes of a Parquet file are the same however its rows came."""
    rows = transactions(SIMULATION, next(SIMULATION.steps(1_000, size=1_000)).deliveries)
    many = [rows] * (GROUP_ROWS // len(rows) + 2)
    files = BytesIO(), BytesIO()
    for file, chunks in zip(files, (many, pa.Table.from_batches(many).combine_chunks().to_batches()), strict=True):
        write(file, chunks, Format.PARQUET, TRANSACTIONS, "Transaction")
    assert files[0].getvalue() == files[1].getvalue()
    assert pq.ParquetFile(files[0]).metadata.num_row_groups == 2
