"""What the compiler made of a function, kept on disk: a file for each recipe, signature and processor.

A file is there whole or not at all, and its name says all that its content follows from. So whatever other processes
or versions write there, and wherever one of them is killed, what is loaded is what would be compiled.
"""

import pickle
import sys
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from numba.core.caching import CompileResultCacheImpl
from numba.core.serialize import dumps

from schemas.recipe import recipe

SEAL: Final = 32
SHORT: Final = 16


class MachineCode:
    """As numba asks for it; raises RuntimeError where there is no folder to keep it in."""

    def __init__(self, kernel: Any) -> None:  # noqa: ANN401 - a Dispatcher, generic in stubs alone
        self._kernel = kernel
        self._form: Any = CompileResultCacheImpl(kernel.py_func)  # type: ignore[no-untyped-call]

    @property
    def cache_path(self) -> str:
        return str(self._form.locator.get_cache_path())

    def load_overload(self, signature: object, target: Any) -> Any:  # noqa: ANN401 - the compiler's own types
        """None where nothing is kept for this signature, or what is kept is torn."""
        target.refresh()
        try:
            kept = self._path(signature, target.codegen()).read_bytes()
        except OSError:
            return None
        if sha256(kept[SEAL:]).digest() != kept[:SEAL]:
            return None
        return self._form.rebuild(target, pickle.loads(kept[SEAL:]))  # noqa: S301 - numba's own form; see SECURITY.md

    def save_overload(self, signature: object, made: Any) -> None:  # noqa: ANN401
        """Where nothing can be written, nothing is kept; what earlier recipes left is removed."""
        if not self._form.check_cachable(made):
            return
        path, content = self._path(signature, made.codegen), dumps(self._form.reduce(made))  # type: ignore[no-untyped-call]
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, sha256(content).digest() + content)
            self._tidy(path.parent)

    def flush(self) -> None:
        """Forgets every signature."""
        for path in Path(self.cache_path).glob(f"{self._stem}.*"):
            path.unlink(missing_ok=True)

    @cached_property
    def _recipe(self) -> str:
        return recipe(self._kernel)[:SHORT]

    @property
    def _stem(self) -> str:
        function = self._kernel.py_func
        name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}"
        return f"{name.replace('<', '').replace('>', '')}.{sys.implementation.cache_tag}"

    def _path(self, signature: object, codegen: Any) -> Path:  # noqa: ANN401
        what = sha256(repr((signature, codegen.magic_tuple())).encode()).hexdigest()[:SHORT]
        return Path(self.cache_path) / f"{self._stem}.{self._recipe}.{what}.nbc"

    def _tidy(self, folder: Path) -> None:
        for path in folder.glob(f"{self._stem}.*"):
            if not path.name.startswith(f"{self._stem}.{self._recipe}."):
                path.unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_suffix(f".{uuid4().hex}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
