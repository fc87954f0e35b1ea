"""Which files are read, and what is said where that is unclear."""

from pathlib import Path

import pytest

from batch.history.files import found
from batch.history.formats import Format
from schemas.errors import Usage


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_a_folder_is_read_by_name(tmp_path: Path) -> None:
    """Folders below it too; what other programs hide there is passed over."""
    touch(tmp_path, "b.parquet", "a/2.parquet", "a/1.parquet", "_SUCCESS", ".b.parquet.crc", "_log/0.json")
    files = found([str(tmp_path)])
    assert [str(file.path.relative_to(tmp_path)) for file in files] == ["a/1.parquet", "a/2.parquet", "b.parquet"]
    assert {file.format for file in files} == {Format.PARQUET}


def test_several_files_stay_in_the_order_given(tmp_path: Path) -> None:
    """They may be of several kinds, and text may be packed."""
    touch(tmp_path, "b.csv", "a.parquet", "c.jsonl.gz", "d.TSV")
    files = found([str(tmp_path / name) for name in ("b.csv", "a.parquet", "c.jsonl.gz", "d.TSV")])
    assert [file.format for file in files] == [Format.CSV, Format.PARQUET, Format.JSONL, Format.CSV]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a.parquet", "notes.txt"], "holds other files too: notes.txt"),
        (["a.csv", "a.csv.zip"], "holds other files too: a.csv.zip"),
        (["a.parquet.gz"], "holds other files too: a.parquet.gz"),
        (["a.txt", "b.txt", "c.txt", "d.txt"], "a.txt, b.txt, c.txt and 1 more"),
        (["a.parquet", "b.csv"], "holds files of csv and parquet"),
        (["_SUCCESS"], "has no files"),
    ],
)
def test_a_folder_of_more_than_one_kind_is_refused(tmp_path: Path, names: list[str], said: str) -> None:
    """What to read is not guessed."""
    touch(tmp_path, *names)
    with pytest.raises(Usage, match=said):
        found([str(tmp_path)])


def test_a_file_must_be_there_and_tell_what_it_is(tmp_path: Path) -> None:
    """Unless its format is told."""
    with pytest.raises(Usage, match="no such file"):
        found([str(tmp_path / "none.csv")])
    with pytest.raises(Usage, match="read more than once"):
        found(["-"])
    touch(tmp_path, "a.csv")
    with pytest.raises(Usage, match="is named twice"):
        found([str(tmp_path / "a.csv"), str(tmp_path)])
    touch(tmp_path, "data")
    with pytest.raises(Usage, match="the suffix does not tell the format"):
        found([str(tmp_path / "data")])
    assert found([str(tmp_path / "data")], Format.CSV)[0].format is Format.CSV
