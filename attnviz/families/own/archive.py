"""Archives of strangers: what a zip and an HDF5 file may be before anything reads them as a model. Imports no Keras."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attnviz.errors import ModelError

#: What a `.keras` file holds.
CONFIG, METADATA, WEIGHTS = MEMBERS = ("config.json", "metadata.json", "model.weights.h5")

#: Bytes of all members together, unpacked; and how many times a member may be larger than it is packed.
MAX_BYTES = 500 * 1024 * 1024
MAX_RATIO = 100

#: Members of an archive, objects of a weights file, and levels of groups in it.
MAX_MEMBERS = 64
MAX_OBJECTS = 100_000
MAX_DEPTH = 64

#: A small file may well be packed tightly: below this many bytes the ratio does not matter.
_SMALL = 1024 * 1024

#: What `zipfile` raises on what is none.
_UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    OverflowError,
)


def members(
    source: Path | bytes, folder: str, file: str, expected: Sequence[str] = MEMBERS, optional: Sequence[str] = ()
) -> dict[str, bytes]:
    """Everything an archive holds, if it holds just what is expected, and nothing of it is a trap.

    Args:
        source: The archive.
        folder, file: What to call it in a message.
        expected: Names that must be there.
        optional: Names that may be there.

    Returns:
        Name to content, at most `MAX_BYTES` together.

    Raises:
        ModelError: `file_unreadable`, `file_size`; `archive_path`, `archive_link`, `archive_repeated`,
            `archive_encrypted`, `archive_member`, `archive_missing`, `archive_bomb`, `archive_size` say which member
            is the cause.
    """
    where = {"folder": folder, "file": file}
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > MAX_BYTES:
            raise ModelError("file_size", **where, received=size, expected=f"≤ {MAX_BYTES}")
        with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as packed:
            listed = [info for info in packed.infolist() if not _ignorable(info)]
            _check(listed, where, expected, optional)
            return {_name(info, optional): _content(packed, info, where) for info in listed}
    except _UNREADABLE as error:
        raise ModelError("file_unreadable", **where, cause=f"{type(error).__name__}: {error}"[:200]) from error


def _ignorable(info: zipfile.ZipInfo) -> bool:
    """What file managers put beside the files of a folder they pack."""
    return info.filename.startswith("__MACOSX/") or info.filename.endswith("/.DS_Store")


def _name(info: zipfile.ZipInfo, optional: Sequence[str]) -> str:
    """Without the name of the folder that was packed, where a folder is what is expected."""
    return info.filename.rpartition("/")[2] if optional else info.filename


def _check(
    listed: Sequence[zipfile.ZipInfo], where: dict[str, str], expected: Sequence[str], optional: Sequence[str]
) -> None:
    """The directory of an archive, before any member is opened."""
    if len(listed) > MAX_MEMBERS:
        raise ModelError("archive_bomb", **where, member="*", received=len(listed), expected=MAX_MEMBERS)
    listed[:] = [info for info in listed if not (optional and _is_folder(info, where))]  # type: ignore[index]
    seen: set[str] = set()
    for info in listed:
        name = info.filename
        what = {**where, "member": name[:80]}
        if name.startswith("/") or "\\" in name or ".." in name.split("/") or ":" in name or name != info.orig_filename:
            raise ModelError("archive_path", **what)
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise ModelError("archive_link", **what)
        if info.flag_bits & 1:
            raise ModelError("archive_encrypted", **what)
        if _name(info, optional) in seen:
            raise ModelError("archive_repeated", **what)
        seen.add(_name(info, optional))
        if _name(info, optional) not in (*expected, *optional) or name.count("/") > bool(optional):
            raise ModelError("archive_member", **what, expected=", ".join((*expected, *optional)))
        if info.file_size > max(_SMALL, MAX_RATIO * info.compress_size):
            limit = f"≤ {MAX_RATIO} × {info.compress_size}"
            raise ModelError("archive_bomb", **what, received=info.file_size, expected=limit)
    for name in expected:
        if name not in seen:
            raise ModelError("archive_missing", **where, member=name)
    total = sum(info.file_size for info in listed)
    if total > MAX_BYTES:
        raise ModelError("archive_bomb", **where, member="*", received=total, expected=f"≤ {MAX_BYTES}")


def _is_folder(info: zipfile.ZipInfo, where: dict[str, str]) -> bool:
    return info.is_dir() and info.file_size == 0 and info.filename.count("/") == 1


def _content(packed: zipfile.ZipFile, info: zipfile.ZipInfo, where: dict[str, str]) -> bytes:
    """A member, read no further than it says it is long; `zipfile` compares its checksum at the end."""
    with packed.open(info) as opened:
        content = opened.read(info.file_size + 1)
    if len(content) != info.file_size:
        raise ModelError(
            "archive_size", **where, member=info.filename[:80], received=len(content), expected=info.file_size
        )
    return content


def count_weights(content: bytes, folder: str, file: str) -> int:
    """How many numbers a weights file really holds.

    Args:
        content: An HDF5 file as Keras writes it: groups and plain datasets, nothing that points elsewhere.
        folder, file: What to call it in a message.

    Raises:
        ModelError: `weights_link`: a link, an external or virtual dataset, or a second way to the same object;
            `weights_type`: not numbers; `weights_size`: less is stored than a dataset claims, or there is too much.
            `file_unreadable`.
    """
    import h5py

    where = {"folder": folder, "file": file}
    try:
        with h5py.File(io.BytesIO(content), "r") as opened:
            return sum(_numbers(dataset, name, len(content), where) for name, dataset in _datasets(opened, where))
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise ModelError("file_unreadable", **where, cause=f"{type(error).__name__}: {error}"[:200]) from error


def _datasets(opened: Any, where: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Every dataset with its path; each object is reached by one hard link only."""
    import h5py

    def address(node: Any) -> Any:
        return h5py.h5o.get_info(node.id).addr

    seen, waiting = {address(opened)}, [("", opened, 0)]
    while waiting:
        path, group, depth = waiting.pop()
        for key in group:
            name = f"{path}/{key}"[:200]
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise ModelError("weights_link", **where, member=name)
            node = group[key]
            if address(node) in seen:
                raise ModelError("weights_link", **where, member=name)
            seen.add(address(node))
            if len(seen) > MAX_OBJECTS or depth > MAX_DEPTH:
                raise ModelError("weights_size", **where, member=name, received=len(seen), expected=f"≤ {MAX_OBJECTS}")
            if isinstance(node, h5py.Group):
                waiting.append((name, node, depth + 1))
            elif isinstance(node, h5py.Dataset):
                yield name, node
            else:
                raise ModelError("weights_type", **where, member=name, received=type(node).__name__)


def _numbers(dataset: Any, name: str, size: int, where: dict[str, str]) -> int:
    """The size of a dataset whose numbers are all there."""
    what = {**where, "member": name}
    if dataset.is_virtual or dataset.external:
        raise ModelError("weights_link", **what)
    kind = dataset.dtype
    half = kind.kind == "V" and kind.itemsize == 2 and kind.names is None and kind.subdtype is None  # bfloat16
    if kind.kind not in "fiub" and not half:
        raise ModelError("weights_type", **what, received=str(kind)[:80])
    if dataset.nbytes > size or dataset.id.get_storage_size() < dataset.nbytes:
        stored = dataset.id.get_storage_size()
        raise ModelError("weights_size", **what, received=dataset.nbytes, expected=f"≤ {min(stored, size)}")
    return int(dataset.size)
