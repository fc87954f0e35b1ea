"""Files as streams of bytes, wherever they lie, and which of them an address in an object store names."""

from pathlib import Path
from typing import IO, Final, cast

import pyarrow as pa
from pyarrow import fs

from batch.history.files import File, of_one_kind, passed_over, style_of
from batch.history.formats import Format
from schemas.errors import DependencyAway, Usage
from schemas.settings.masking import masked

MOST_SAID: Final = 200


def unpacked(file: File) -> IO[bytes]:
    """From the beginning; what gzip packed comes out whole."""
    if file.store is None:
        return cast("IO[bytes]", pa.input_stream(str(file.path)))
    return cast("IO[bytes]", file.store.open_input_stream(str(file.path)))


def as_it_lies(file: File) -> IO[bytes]:
    """To be read anywhere."""
    return file.path.open("rb") if file.store is None else cast("IO[bytes]", file.store.open_input_file(str(file.path)))


def in_store(url: str, told: Format | None) -> list[File]:
    """An address such as s3://bucket/folder; keys and passwords in it are never told."""
    try:
        store, root = fs.FileSystem.from_uri(url)
        about = store.get_file_info(root)
        below = store.get_file_info(fs.FileSelector(root, recursive=True)) if not about.is_file else [about]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        said = f"{masked(url)} is no address that can be read: {masked(str(error))}"
        raise Usage(said, fix="name a file, a folder, or an address such as s3://bucket/folder") from error
    except FileNotFoundError as error:
        raise Usage(f"{masked(url)}: there is nothing", fix="give the address of a file or folder") from error
    except OSError as error:
        said = f"{masked(url)} does not answer: {masked(str(error)):.{MOST_SAID}}"
        raise DependencyAway(said, fix="check the address, the network and the right to it") from error
    if about.is_file:
        return [File(Path(root), style_of(masked(url), Path(root), told), store)]
    paths = [Path(each.path) for each in below if each.is_file]
    kept = (path for path in paths if not passed_over(path, Path(root)))
    return [File(each.path, each.format, store) for each in of_one_kind(masked(url), kept, told)]
