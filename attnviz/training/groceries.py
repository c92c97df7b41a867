"""Fetches the photographs of groceries once: `python -m attnviz data grocery_store`."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from attnviz.errors import DataError
from attnviz.places import CACHE, data_folders
from attnviz.scenes.groceries import ARCHIVE, FOLDER
from attnviz.training.data import GROCERIES, download
from attnviz.training.progress import Progress

#: SHA-256 of a line `path SHA-256` for each file, sorted; the archive that comes over the network may be packed anew.
CONTENT = "0c2b3eccf0710b79e4d1e5b3fec6e13b152625383214a2440eba5bcdc691bfd5"

#: Of the upstream folder that holds the photographs, what nothing reads.
_LEFT_OUT = "iconic-images-and-descriptions"


def fetch(*, quiet: bool = False) -> Path:
    """The archive of photographs on this machine; downloaded, checked and packed if it is not there.

    Args:
        quiet: No progress bar.

    Raises:
        DataError: It cannot be fetched, or holds other files.
    """
    found = next((place / ARCHIVE for place in data_folders(FOLDER) if (place / ARCHIVE).is_file()), None)
    if found is not None:
        return found
    archive = download(GROCERIES, GROCERIES.raw, "upstream.tar.gz", None, quiet)
    target = CACHE / "data" / FOLDER / ARCHIVE
    part = target.with_name(f"{ARCHIVE}.part")
    try:
        received = _packed(archive, part, quiet)
    except (tarfile.TarError, OSError, EOFError) as error:
        part.unlink(missing_ok=True)
        raise DataError("data_member", file=archive.name) from error
    if received != CONTENT:
        part.unlink()
        raise DataError("data_checksum", file=ARCHIVE, expected=CONTENT, received=received)
    part.replace(target)
    archive.unlink()
    return target


def digest(files: Iterator[tuple[str, bytes]]) -> str:
    """As `CONTENT` of files, each its path and content."""
    lines = sorted(f"{name} {hashlib.sha256(content).hexdigest()}\n" for name, content in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _packed(archive: Path, target: Path, quiet: bool) -> str:
    """Write what is read of upstream's archive into one that is not packed; its digest."""
    progress = Progress(f"Unpack {FOLDER}", archive.stat().st_size, quiet=quiet)

    def kept() -> Iterator[tuple[str, bytes]]:
        with archive.open("rb") as raw, tarfile.open(fileobj=raw, mode="r|gz") as packed:
            for member in packed:
                _, _, *inner = PurePosixPath(member.name).parts or ("", "", "")
                content = packed.extractfile(member) if member.isfile() and inner and inner[0] != _LEFT_OUT else None
                if content is not None and PurePosixPath(member.name).parts[1] == "dataset":
                    yield "/".join(inner), content.read()
                progress.update(raw.tell())

    def written(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
        for name, content in kept():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
            yield name, content

    with tarfile.open(target, "w") as tar:
        found = digest(written(tar))
    progress.close(f"{target.stat().st_size / 1e6:.1f} MB")
    return found
