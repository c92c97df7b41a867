"""Tensors out of an old file of PyTorch's: made here as PyTorch wrote them, and nothing else is let in."""

from __future__ import annotations

import io
import pickle
import struct

import numpy as np
import pytest

from attnviz.training.captions.torch_file import tensors


class _Stored:
    """A tensor as PyTorch pickles one: a call of its own function on a storage named by a persistent id."""

    def __init__(self, key, kind, offset, shape, strides):
        self.key, self.kind, self.rest = key, kind, (offset, shape, strides, False)


def written(stored, storages, call=("torch._utils", "_rebuild_tensor_v2"), magic=0x1950A86A20F9469CFC6C):
    """The bytes of such a file; pickles are assembled by hand, so that nothing of PyTorch is needed."""
    file = io.BytesIO()
    for value in (magic, 1001, {"little_endian": True}):
        pickle.dump(value, file, protocol=2)
    parts = [b"\x80\x02ccollections\nOrderedDict\n)R("]
    for name, each in stored.items():
        offset, shape, strides, grad = each.rest
        parts += [
            pickle.dumps(name, protocol=2)[2:-1],
            f"c{call[0]}\n{call[1]}\n".encode(),
            b"(",
            b"(",
            pickle.dumps("storage", protocol=2)[2:-1],
            f"ctorch\n{each.kind}\n".encode(),
            pickle.dumps(each.key, protocol=2)[2:-1],
            b"tQ",
            *(pickle.dumps(part, protocol=2)[2:-1] for part in (offset, shape, strides, grad)),
            b"tR",
        ]
    file.write(b"".join(parts) + b"u.")
    pickle.dump(list(storages), file, protocol=2)
    for values in storages.values():
        file.write(struct.pack("<q", values.size) + values.tobytes())
    return file.getvalue()


@pytest.fixture
def numbers():
    return np.arange(30, dtype=np.float32)


def test_tensors_come_out_as_they_lie_in_their_storage(numbers):
    content = written(
        {"plain": _Stored("a", "FloatStorage", 0, (2, 3, 5), (15, 5, 1)),
         "turned": _Stored("a", "FloatStorage", 1, (5, 2), (1, 5)),
         "count": _Stored("b", "LongStorage", 0, (), ())},
        {"a": numbers, "b": np.array([7], np.int64)},
    )  # fmt: skip
    found = tensors(content)
    np.testing.assert_array_equal(found["plain"], numbers.reshape(2, 3, 5))
    np.testing.assert_array_equal(found["turned"], numbers[1:11].reshape(2, 5).T)
    assert found["count"] == 7 and found["count"].dtype == np.int64


@pytest.mark.parametrize("call", [("os", "system"), ("builtins", "eval"), ("torch", "load"), ("torch._utils", "other")])
def test_anything_but_tensors_is_refused(numbers, call):
    content = written({"x": _Stored("a", "FloatStorage", 0, (3,), (1,))}, {"a": numbers}, call)
    with pytest.raises(pickle.UnpicklingError, match="Expected tensors only"):
        tensors(content)


@pytest.mark.parametrize("place", [(0, (31,), (1,)), (29, (2,), (1,)), (0, (2, 3), (29, 1)), (0, (3,), (-1,))])
def test_a_tensor_outside_its_storage_is_refused(numbers, place):
    with pytest.raises(pickle.UnpicklingError, match="inside their storages"):
        tensors(written({"x": _Stored("a", "FloatStorage", *place)}, {"a": numbers}))


def test_another_file_is_refused(numbers):
    with pytest.raises(pickle.UnpicklingError):
        tensors(written({"x": _Stored("a", "FloatStorage", 0, (3,), (1,))}, {"a": numbers}, magic=3))
