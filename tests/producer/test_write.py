from io import BufferedReader, BytesIO

import pyarrow as pa
import pytest

from producer.accept import accepted
from producer.columns import FIELDS
from producer.files import Format
from producer.population import Population
from producer.rejects import Rejects
from producer.rows import rows_of
from producer.simulate import Simulation
from producer.write import write
from schemas.lot import Checks


@pytest.mark.parametrize("style", list(Format))
def test_what_is_written_is_read_again(style: Format) -> None:
    """A simulated file of any format gives the simulated rows back, to the last bit, and all of them are accepted."""
    simulation = Simulation(Population.of(100), 5, 1_767_225_600_000, per_day=1_000)
    file = BytesIO()
    assert write(file, simulation.chunks(3_000, 700), style) == 3_000
    rows = rows_of(BufferedReader(BytesIO(file.getvalue())), style, pytest.fail)
    found = pa.Table.from_batches(list(accepted(rows, style, Rejects(pytest.fail), Checks())))
    expected = pa.Table.from_batches([simulation.rows(0, 3_000)])
    assert found.select(FIELDS).to_pylist() == expected.to_pylist()
