import pyarrow as pa
import pytest

from schemas.lot.buffers import flags, numbers, texts

WORDS = ["a", None, "", "käse", "b" * 20, None, "z"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()])
@pytest.mark.parametrize("part", [slice(0, 7), slice(2, 5), slice(3, 3), slice(6, 7)])
def test_texts_of_a_slice_are_its_own(kind: pa.DataType, part: slice) -> None:
    """A sliced column shows its rows only, null as empty, whatever the width of its offsets."""
    found = texts(pa.array(WORDS, pa.string()).cast(kind)[part])
    words = [(each or "").encode() for each in WORDS[part]]
    spans = zip(found.offsets[:-1], found.offsets[1:], strict=True)
    assert [found.data[start:end].tobytes() for start, end in spans] == words
    assert list(found.lengths) == [len(each) for each in words]
    assert found.used().tobytes() == b"".join(words)


def test_numbers_and_flags_of_a_slice() -> None:
    """Values and validity start where the slice does."""
    column = pa.array([1, None, 3, None, 5, 6, 7, 8, 9, None, 11], pa.int32())[2:10]
    assert list(flags(column)) == [True, False, True, True, True, True, True, False]
    assert list(numbers(column)[flags(column)]) == [3, 5, 6, 7, 8, 9]


def test_times_are_numbers() -> None:
    """A timestamp column shows its milliseconds."""
    assert list(numbers(pa.array([5, 6], pa.timestamp("ms", tz="UTC")))) == [5, 6]


def test_kernels_always_see_the_same_types() -> None:
    """Bytes are read-only and offsets 64-bit, also where there is no buffer at all."""
    for column in (
        pa.array(["a"]),
        pa.array([], pa.string()),
        pa.array([b"a"], pa.large_binary()),
        pa.array(["a"])[1:],
    ):
        found = texts(column)
        assert (str(found.data.dtype), found.data.flags.writeable) == ("uint8", False)
        assert (str(found.offsets.dtype), found.offsets.flags.writeable) == ("int64", True)
