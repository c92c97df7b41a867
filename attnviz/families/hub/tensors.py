"""The arrays of a Hugging Face folder: of one file, or of several with an index (`model.safetensors.index.json`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import ModelError
from attnviz.families.hub.pieces import unreadable
from attnviz.families.hub.weight_files import WEIGHTS, shards


@contextmanager
def opened(folder: Path) -> Iterator[Tensors]:
    """The arrays of a folder, by name.

    Raises:
        ModelError: `hub_unreadable`.
    """
    import safetensors

    with ExitStack() as stack:
        places: dict[str, tuple[str, Any]] = {}
        for name in shards(folder):
            try:
                file = stack.enter_context(safetensors.safe_open(str(folder / name), framework="np"))
            except Exception as error:  # SafetensorError, OSError, and what the header makes of memory
                raise unreadable(folder, name, error) from error
            places |= {each: (name, file) for each in file.keys()}  # noqa: SIM118 (not a dict)
        yield Tensors(folder, places)


class Tensors:
    """What lies in safetensors files, by the names a bare model would give it.

    Args:
        folder: Of the files.
        places: By full name, in which file, by its name and opened.
    """

    def __init__(self, folder: Path, places: Mapping[str, tuple[str, Any]]) -> None:
        self._folder, self._places = folder, places
        self._names = {name: name for name in places}

    def head(self) -> Tensors:
        """The same file by its full names: a head stands beside the body."""
        return Tensors(self._folder, self._places)

    def start_at(self, name: str) -> None:
        """Take off what stands before the names (`bert.`, `transformer.`), found at a name every model has."""
        found = min((each for each in self._names if each == name or each.endswith(f".{name}")), key=len, default=name)
        prefix = found.removesuffix(name)
        self._names = {each.removeprefix(prefix): each for each in self._names if each.startswith(prefix)}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def check(self, name: str, shape: tuple[int, ...]) -> None:
        """Compare the header with what is expected."""
        here = {"source": self._folder.name, "tensor": name}
        if name not in self._names:
            raise ModelError("hub_tensor_missing", **here, file=WEIGHTS)
        file, opened = self._places[self._names[name]]
        header = opened.get_slice(self._names[name])
        received, dtype = tuple(header.get_shape()), header.get_dtype()
        if received != shape or dtype not in ("F64", "F32", "F16", "BF16"):
            raise ModelError(
                "hub_tensor_shape", **here, file=file, received=f"{received} {dtype}", expected=f"{shape} F32"
            )

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        file, opened = self._places[self._names[name]]
        try:
            return np.asarray(opened.get_tensor(self._names[name])).astype(np.float32)
        except Exception as error:
            raise unreadable(self._folder, f"{file}: {name}", error) from error

    def old(self, name: str) -> str:
        """`gamma` and `beta`, as checkpoints that came from TensorFlow call them."""
        stem, _, last = name.rpartition(".")
        other = f"{stem}.{ {'weight': 'gamma', 'bias': 'beta'}[last] }"
        return other if name not in self._names and other in self._names else name
