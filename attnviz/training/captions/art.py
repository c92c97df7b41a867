"""The art of scenes, from the npm packages it comes from: `python -m attnviz.training.captions.art [FOLDER]`.

Packages are looked for as unpacked folders or `.tgz` files in FOLDER, and are otherwise downloaded there; each file has
its checksum.
"""

from __future__ import annotations

import io
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pooch

from attnviz.places import CACHE
from attnviz.scenes.kinds import ART, KINDS
from attnviz.training.progress import Progress

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Package:
    """Where a style comes from.

    Attributes:
        style: Of the art.
        file: Name of the package's archive.
        path: Of its registry.
        sha256: Of the archive.
        member: Format of a picture's path in it, of `point`.
        side: Largest side that is shipped, in pixels.
    """

    style: str
    file: str
    path: str
    sha256: str
    member: str
    side: int


PACKAGES = (
    Package(
        "fluent",
        "fluent-emoji-3d-1.1.0.tgz",
        "@lobehub/fluent-emoji-3d",
        "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
        "package/assets/{point}.webp",
        192,
    ),
    Package(
        "noto",
        "emoji-datasource-google-16.0.0.tgz",
        "emoji-datasource-google",
        "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
        "package/img/google/64/{point}.png",
        64,
    ),
    Package(
        "twemoji",
        "emoji-datasource-twitter-16.0.0.tgz",
        "emoji-datasource-twitter",
        "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
        "package/img/twitter/64/{point}.png",
        64,
    ),
)


def main(arguments: list[str]) -> int:
    """Write the art of every kind in every style."""
    from PIL import Image

    folder = Path(arguments[0]) if arguments else CACHE / "art"
    for package in PACKAGES:
        url = f"https://registry.npmjs.org/{package.path}/-/{package.file}"
        archive = pooch.retrieve(url, package.sha256, package.file, folder)
        progress = Progress(package.style, len(KINDS))
        (ART / package.style).mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as tar:
            names = set(tar.getnames())
            for done, kind in enumerate(KINDS.values(), 1):
                points = (kind.point, kind.point.removesuffix("-fe0f"))
                member = next(name for point in points if (name := package.member.format(point=point)) in names)
                file = tar.extractfile(member)
                assert file is not None
                with Image.open(io.BytesIO(file.read())) as image:
                    piece = _outlined(image.convert("RGBA"), package.side)
                piece.save(ART / package.style / f"{kind.name}.webp", quality=85, method=6, lossless=package.side <= 64)
                progress.update(done)
        progress.close(f"{len(KINDS)}")
    return 0


def _outlined(image: Image.Image, side: int) -> Image.Image:
    """The picture in the middle of a square hardly larger than its outline."""
    from PIL import Image

    left, top, right, bottom = image.getchannel("A").getbbox() or (0, 0, *image.size)
    width, height = right - left, bottom - top
    square = int(max(width, height) * 1.04) + 1
    found = Image.new("RGBA", (square, square))
    found.paste(image.crop((left, top, right, bottom)), ((square - width) // 2, (square - height) // 2))
    return found if square <= side + 3 else found.resize((side, side), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
