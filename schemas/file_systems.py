"""Where files are kept: the file system that an address in a setting names. Nobody is asked for anything yet."""

from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import fs

from schemas.errors import Misconfigured
from schemas.settings.masking import masked


def connected(url: str, setting: str) -> tuple[Any, str]:
    """The file system, and the path on it."""
    if "://" not in url:
        return fs.LocalFileSystem(), str(Path(url).expanduser().resolve())
    try:
        system, root = fs.FileSystem.from_uri(url)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise Misconfigured(
            f"{setting} {masked(url)} cannot be used: {masked(str(error))}",
            fix="name a folder, or an address such as s3://bucket/folder",
        ) from error
    return system, root
