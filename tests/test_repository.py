"""What the repository holds, and that the parts that say the same thing agree."""

from __future__ import annotations

import json
import os
import re
import string
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import attnviz
from attnviz.i18n import FALLBACK, catalogue, languages
from tests import audit
from tests.__main__ import LONG, NOT_FAST, environment
from tests.both_ends import FIRST, LAST, place

ROOT = Path(__file__).resolve().parent.parent

MEGABYTE = 1_000_000

#: The top level, as the design lists it, container files in `deploy`; dot-files and requirements-*.txt besides.
TOP_LEVEL = {
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "NOTICE", "README.md", "app.py", "attnviz", "deploy", "models",
    "pyproject.toml", "requirements.txt", "tests",
}  # fmt: skip

#: Data sets are fetched, never kept here; these are the names of their files.
DATA_FILES = re.compile(r"data_full\.json|domains\.json|GroundTruth|keico_corpus|jpn\.txt|(train|dev|test)\.(en|ja)$")

#: Absolute paths that only mean something on somebody's machine.
MACHINE_PATH = re.compile(rb"(?<![\w.:/])/(?:root|home/\w+|work|Users/\w+|tmp)/\w|[A-Z]:\\Users\\")


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file git keeps, relative to the root; new ones not yet committed included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    names = sorted({name for name in listed.decode().split("\0") if name})
    return tuple(Path(name) for name in names if (ROOT / name).is_file())


@cache
def settings() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def commands_of(text: str) -> set[str]:
    """Lines of a text that make a virtual environment and go on."""
    return {line.strip() for line in text.splitlines() if line.strip().startswith("python3.11 -m venv")}


def test_top_level_holds_only_what_the_design_lists():
    names = {path.parts[0] for path in tracked_files()}
    others = {name for name in names if not name.startswith(".") and not re.fullmatch(r"requirements-\w+\.txt", name)}

    assert others == TOP_LEVEL


def test_readme_and_continuous_integration_run_the_same_command():
    offered = commands_of((ROOT / "README.md").read_text(encoding="utf-8"))
    run = commands_of((ROOT / ".ci" / "run").read_text(encoding="utf-8"))

    assert len(run) == 1
    assert run <= offered
    assert any(command.endswith("streamlit run app.py") for command in offered)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_no_file_is_over_25_megabytes_and_all_are_under_120():
    sizes = {path: (ROOT / path).stat().st_size for path in tracked_files()}

    assert {path: size for path, size in sizes.items() if size > 25 * MEGABYTE} == {}
    assert sum(sizes.values()) < 120 * MEGABYTE


#: What was measured of a shipped model over the test part of its data.
MEASURED = re.compile(r"models/[\w-]+/corpus/(heads|sentences|tokens)\.parquet")


def test_no_data_set_is_kept_here():
    assert [path for path in tracked_files() if DATA_FILES.search(path.name)] == []
    tables = [path for path in tracked_files() if path.suffix in {".csv", ".tsv", ".parquet", ".gz", ".pkl"}]
    assert [path for path in tables if not MEASURED.fullmatch(path.as_posix())] == []
    for path in (path for path in tables if path.name == "sentences.parquet"):  # a few to open, of those measured
        told = pd.read_parquet(ROOT / path)
        assert told.groupby(["block", "layer", "head", "figure"]).size().max() <= 9


def test_models_hold_nothing_executable():
    allowed = {".npz", ".json", ".md", ".txt"}

    others = [path for path in tracked_files() if path.parts[0] == "models" and path.suffix not in allowed]
    assert [path for path in others if not MEASURED.fullmatch(path.as_posix())] == []


def test_no_path_of_a_machine_is_in_a_file():
    itself = Path(__file__).resolve().relative_to(ROOT)
    binary = {".npz", ".png", ".woff2", ".ico"}
    found = {
        str(path): match.group()
        for path in tracked_files()
        if path != itself and path.suffix not in binary
        for match in MACHINE_PATH.finditer((ROOT / path).read_bytes())
    }

    assert found == {}


def test_nothing_is_loaded_from_another_host():
    hosts = re.compile(r"https?://[^\s\"']*(?:cdn|unpkg|jsdelivr|googleapis|gstatic)")
    code = [path for path in tracked_files() if path.parts[0] in {"attnviz", "app.py", ".streamlit"}]
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in code if path.suffix != ".webp"}

    assert {path: found for path, text in texts.items() if (found := hosts.findall(text))} == {}


def test_hooks_before_a_commit_fetch_nothing():
    text = text_of(Path(".pre-commit-config.yaml"))

    assert re.findall(r"repo: (.*)", text) == ["local"]
    assert set(re.findall(r"language: (.*)", text)) == {"system"}
    assert re.findall(r"entry: python -m (\S+)", text) == ["ruff", "ruff", "mypy"]


def test_what_the_fast_tests_leave_out_is_there_and_said():
    said = text_of(Path("CONTRIBUTING.md"))

    assert [path for path in NOT_FAST | LONG if not (ROOT / path).exists()] == []
    assert "python -m tests --fast" in said
    assert "`NOT_FAST` and `LONG`" in said


def test_places_of_tests_that_come_first_or_last_are_there():
    files = [path.as_posix() for path in tracked_files()]

    assert [each for each in (*FIRST, *LAST) if not any(file.startswith(each) for file in files)] == []
    assert place("tests/app/test_cell.py::test_a") < place("tests/trace/test_trace.py::test_a") == 0
    assert place("tests/training/test_models.py::test_a") < 0 < place("tests/training/test_kind.py::test_a")


def test_what_a_test_s_process_compiled_the_next_one_finds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    asked = [sys.executable, "-c", "import sys; print(sys.dont_write_bytecode)"]

    assert subprocess.run(asked, env=environment(), capture_output=True, text=True).stdout.strip() == "False"


def test_what_checks_the_scripts_is_exact_and_names_no_registry():
    package = json.loads(text_of(Path("tests/javascript/package.json")))
    lock = text_of(Path("tests/javascript/package-lock.json"))

    assert all(re.fullmatch(r"[0-9.]+", version) for version in package["devDependencies"].values())
    assert '"resolved"' not in lock
    assert json.loads(lock)["packages"][""]["devDependencies"] == package["devDependencies"]


@pytest.mark.parametrize("language", [code for code in languages() if code != FALLBACK])
def test_every_catalogue_has_the_same_keys_and_fields(language: str):
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    english, other = catalogue(FALLBACK), catalogue(language)

    assert set(other) == set(english)
    assert {key for key in english if fields(english[key]) != fields(other[key])} == set()
    assert {key for key, text in other.items() if not text.strip()} == set()


@cache
def pins() -> dict[str, dict[str, str]]:
    """The exact versions of each requirements file."""
    found: dict[str, dict[str, str]] = {}
    for path in ROOT.glob("requirements*.txt"):
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        lines = [line for line in lines if line and not line.startswith(("#", "-r "))]
        assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9.]*", line)] == []
        found[path.name] = {canonicalize_name(name): version for name, _, version in (s.partition("==") for s in lines)}
    return found


@cache
def ranges(extra: str = "") -> dict[str, SpecifierSet]:
    """What an installation takes, alone or for an extra."""
    project = settings()["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return {canonicalize_name(each.name): each.specifier for each in map(Requirement, lines)}


def test_requirements_are_exact_and_within_the_ranges_of_the_package():
    everywhere = {name: version for file in pins().values() for name, version in file.items()}
    taken = ranges() | ranges("app") | ranges("ja") | ranges("corpus") | ranges("hub") | ranges("images")

    # Ray is large, and only a corpus that takes hours needs it.
    assert set(pins()["requirements.txt"]) == set(ranges() | ranges("app") | ranges("ja") | ranges("corpus")) - {"ray"}
    assert set(pins()["requirements-hub.txt"]) == set(ranges("hub"))
    assert {name: everywhere[name] for name, allowed in taken.items() if everywhere[name] not in allowed} == {}


def test_ranges_leave_room_on_both_sides():
    operators = {
        name: {each.operator for each in allowed}
        for extra in ("", "app", "ja", "hub", "images")
        for name, allowed in ranges(extra).items()
    }

    assert {name: found for name, found in operators.items() if ">=" not in found or "==" in found} == {}


def test_the_version_stands_in_one_place():
    assert "version" in settings()["project"]["dynamic"]
    assert settings()["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "attnviz.version.__version__"}
    assert f"## [{attnviz.__version__}]" in text_of(Path("CHANGELOG.md"))


def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_the_wheel_carries_models_catalogues_and_the_page(tmp_path: Path):
    # From a copy of what git keeps: building leaves folders behind.
    source = tmp_path / "source"
    for path in tracked_files():
        if path.parts[0] not in {"tests", ".git"}:
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes((ROOT / path).read_bytes())
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), "."]
    subprocess.run([sys.executable, *command], cwd=source, check=True, timeout=120)
    names = set(zipfile.ZipFile(next(tmp_path.glob("attnviz-*.whl"))).namelist())

    def kept(folder: str, *kinds: str) -> set[str]:
        return {path.as_posix() for path in tracked_files() if path.parts[0] == folder and path.suffix in kinds}

    placeholder = {path.as_posix() for path in tracked_files() if path.parts[:2] == ("attnviz", "_models")}
    models = {name.replace("models/", "attnviz/_models/", 1) for name in kept("models", ".npz", ".json", ".txt", ".md")}
    assert models | kept("attnviz", ".py", ".toml", ".js", ".css", ".html", ".typed") - placeholder <= names
    assert models
    assert not names & placeholder
    assert {name for name in names if not name.startswith(("attnviz/", "attnviz-"))} == set()


def test_a_database_of_faults_is_one_that_knows_some(tmp_path):
    for content, answers in (
        ('{"vulnerabilities": [{"id": "CVE-1"}]}', True),
        ('{"vulnerabilities": []}', False),
        ("[]", False),
        ("<", False),
    ):
        file = tmp_path / "requests.json"
        file.write_text(content)
        assert audit.reachable(file.as_uri()) is answers, content
    assert not audit.reachable((tmp_path / "missing").as_uri())
