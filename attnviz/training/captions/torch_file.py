"""Tensors out of a file that PyTorch wrote before 1.6, without PyTorch and without running what the pickle asks for."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_MAGIC = 0x1950A86A20F9469CFC6C

_TYPES = {"FloatStorage": np.float32, "HalfStorage": np.float16, "DoubleStorage": np.float64, "LongStorage": np.int64}


class _Tensor(NamedTuple):
    """Where the numbers of a tensor lie."""

    storage: tuple[str, str]  # type and key
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _tensor(storage: Any, offset: int, shape: Any, strides: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


class _Unpickler(pickle.Unpickler):
    """Knows tensors and ordered dictionaries, and refuses all else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (*module.split("."), name) == ("torch", "_utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _TYPES:
            return name
        raise pickle.UnpicklingError(f"Expected tensors only. Received: {module}.{name}")

    def persistent_load(self, identity: Any) -> tuple[str, str]:
        _, kind, key, *_ = identity
        return kind, key


def tensors(content: bytes) -> dict[str, NDArray[Any]]:
    """The tensors of a state dictionary by name.

    Args:
        content: Of the file.

    Raises:
        pickle.UnpicklingError: It is no such file, or asks for anything but tensors.
    """
    file = io.BytesIO(content)
    magic, _, _ = (_Unpickler(file).load() for _ in range(3))
    if magic != _MAGIC:
        raise pickle.UnpicklingError(f"Expected a file of PyTorch before 1.6. Received: {str(magic)[:40]}")
    state, keys = _Unpickler(file).load(), _Unpickler(file).load()
    kinds = {each.storage[1]: _TYPES[each.storage[0]] for each in state.values()}
    storages = {}
    for key in keys:
        count = int(np.frombuffer(file.read(8), "<i8")[0])
        size = np.dtype(kinds[key]).itemsize
        storages[key] = np.frombuffer(file.read(count * size), np.dtype(kinds[key]).newbyteorder("<"))
    return {name: _array(each, storages[each.storage[1]]) for name, each in state.items()}


def _array(tensor: _Tensor, storage: NDArray[Any]) -> NDArray[Any]:
    last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    if min((*tensor.shape, 1)) < 1 or min((*tensor.strides, 0)) < 0 or not 0 <= tensor.offset <= last < len(storage):
        raise pickle.UnpicklingError("Expected tensors inside their storages.")
    strides = [step * storage.itemsize for step in tensor.strides]
    return np.array(np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides))
