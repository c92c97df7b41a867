"""The command line: results on standard output, messages on standard error, 2 for a bad call."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import attnviz
from attnviz import export, training, zoo
from attnviz.analysis.surgery import operations
from attnviz.cli import main
from attnviz.errors import DataError
from attnviz.i18n import translate
from tests.families.writing import caption_folder
from tests.shipped import EVERY, POOLING, card

NAME = POOLING[0]
TEXT = card(NAME)["examples"][0]


def call(*arguments, **options):
    """The command in a process of its own."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **options.pop("env", {})}
    command = [sys.executable, "-m", "attnviz", *arguments]
    return subprocess.run(command, capture_output=True, env=environment, timeout=90, **options)


@pytest.fixture
def run(capsys):
    """The command in this process: exit code, standard output, standard error."""

    def run(*arguments):
        try:
            code = main([*map(str, arguments)])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


# ── in a process of its own ───────────────────────────────────────────────────────────────────────────────────────


def test_models_as_a_process():
    done = call("models")
    assert done.returncode == 0
    assert [entry["name"] for entry in json.loads(done.stdout)] == [each.name for each in attnviz.models()]
    assert done.stderr == b""


def test_trace_as_a_process_whatever_the_bytes_and_the_encoding_of_the_terminal():
    text = f"{TEXT} \N{SNOWMAN} ".encode() + b"\xff tea"
    done = call("trace", NAME, text, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0
    written = json.loads(done.stdout)
    assert written == zoo.load(NAME).trace(os.fsdecode(text)).to_dict()
    assert written["notices"][0]["code"] == "surrogates_removed"
    assert b"attnviz: " in done.stderr


def test_a_reader_who_leaves_is_no_error():
    process = subprocess.Popen(
        [sys.executable, "-m", "attnviz", "models"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.wait(60) == 0
    assert b"Traceback" not in process.stderr.read()


# ── results ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_train_and_evaluate_know_their_names(run, command):
    code, out, err = run(command, "nothing-of-the-kind")
    assert code in (1, 2)
    assert out == "" and "nothing-of-the-kind" in err


def test_models(run):
    code, out, err = run("models")
    assert (code, err) == (0, "")
    for entry, name in zip(json.loads(out), EVERY, strict=True):
        assert {"name", "task", "languages", "kinds", "licence", "metrics"} <= entry.keys()
        assert entry["name"] == name and entry["metrics"] == card(name)["metrics"]


def test_lectures_are_listed_and_what_is_wrong_with_one_is_told(run, tmp_path, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_LECTURES", str(tmp_path))
    (tmp_path / "bees.toml").write_text('format = 1\ntitle.en = "Bees"\nslides = [{title = {en = "One"}}]\n')
    code, out, err = run("lectures")

    assert code == 1 and "bees.toml" in err and "state" in err
    assert [(each["name"], each["slides"]) for each in json.loads(out)] == [("attention", 21)]


def test_the_file_of_a_lecture_is_checked(run, tmp_path):
    file = tmp_path / "bees.toml"
    file.write_text('format = 1\ntitle.en = "Bees"\nslides = [{title = {en = "One"}, state = {}}]\n')
    assert run("lecture", file)[:2] == (0, "")
    file.write_text('format = 1\ntitle.en = "Bees"\nslides = [{title = {en = "One"}, state = {}, tiel = 1}]\n')
    code, out, err = run("--lang", "ja", "lecture", file)
    assert (code, out) == (2, "") and all(word in err for word in ("bees.toml", "スライド 1", "tiel"))


@pytest.mark.parametrize("name", EVERY)
def test_trace(run, name):
    text = card(name)["examples"][0]
    code, out, _ = run("trace", name, text)
    written = json.loads(out)
    assert code == 0
    assert written == zoo.load(name).trace(text).to_dict()
    assert written["text"] == text and [block["kind"] for block in written["blocks"]] == card(name)["kinds"]


def test_notices_are_messages(run):
    code, out, err = run("--lang", "ja", "trace", NAME, "qqzzx")
    assert code == 0
    assert json.loads(out)["notices"]
    assert translate("ja", "notices.all_unknown", count=1) in err


def test_the_language_may_stand_behind_the_command(run):
    assert "読む文がありません" in run("trace", NAME, " ", "--lang", "ja")[2]
    assert "読む文がありません" in run("--lang", "ja", "trace", NAME, " ")[2]
    assert "nothing to read" in run("--lang", "ja", "trace", NAME, " ", "--lang", "en")[2]


def test_a_text_that_begins_with_a_dash(run):
    code, out, _ = run("trace", NAME, "--", "-5 degrees")
    assert code == 0 and json.loads(out)["text"] == "-5 degrees"


def test_parts(run):
    code, out, _ = run("trace", NAME, TEXT, "--block", "pooling", "--layer", 0, "--head", 0)
    assert code == 0 and json.loads(out)["blocks"][0]["name"] == "pooling"


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_files(run, tmp_path):
    trace = zoo.load(NAME).trace(TEXT)
    for ending in ("json", "csv", "html", "JSON"):
        path = tmp_path / f"out.{ending}"
        code, out, _ = run("trace", NAME, TEXT, "-o", path)
        assert (code, out) == (0, "")
        content = path.read_bytes()
        if ending == "csv":
            table = pd.read_csv(io.BytesIO(content))
            np.testing.assert_array_equal(table.weight.astype(np.float32), trace.blocks[0].weights.reshape(-1))
        elif ending == "html":
            assert content.startswith(b"<!DOCTYPE html>")
        else:
            assert json.loads(content) == trace.to_dict()


@pytest.mark.parametrize("ending", export.IMAGES)
def test_pictures(run, tmp_path, ending, monkeypatch):
    monkeypatch.setattr(export, "image", lambda trace, kind, **_: f"{kind} of {trace.text}".encode())
    path = tmp_path / f"out.{ending}"
    assert run("trace", NAME, TEXT, "-o", path)[0] == 0
    assert path.read_bytes() == f"{ending} of {TEXT}".encode()


# ── bad calls ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("paint",),
        ("trace",),
        ("trace", NAME),
        ("trace", NAME, "a", "b"),
        ("trace", NAME, "a", "--layer", "one"),
        ("trace", NAME, "a", "--colour", "red"),
        ("--lang", "xx", "models"),
        ("train",),
        ("evaluate",),
        ("trace", NAME, ""),
        ("trace", NAME, " \u3000"),
        ("trace", "nothing", "a"),
        ("trace", "", "a"),
        ("trace", NAME, "a", "--target", "b"),
        ("trace", NAME, "a", "--block", "other"),
        ("trace", NAME, "a", "--layer", "7"),
        ("trace", NAME, "a", "--head", "-1"),
        ("trace", NAME, "a", "-o", "out.txt"),
        ("trace", NAME, "a", "-o", "out"),
        ("trace", NAME, "a", "-o", "there/is/no/such/folder.json"),
        ("trace", NAME, "a", "-o", "a\0b.json"),
    ],
)
def test_a_bad_call_ends_with_2_and_says_why(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.strip() and "Traceback" not in err


def test_a_refused_model_is_a_message_and_the_others_are_listed(run, tmp_path, monkeypatch):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "card.json").write_text("{")
    monkeypatch.setenv("ATTNVIZ_MODELS", str(tmp_path))
    code, out, err = run("models")
    assert code == 1
    assert [entry["name"] for entry in json.loads(out)] == EVERY
    assert "broken" in err and "card.json" in err
    assert run("trace", "broken", "a")[0] == 1


def test_a_failure_on_the_way_ends_with_1(run, monkeypatch):
    def fail(*_, **__):
        raise DataError("data_member", file="x.json")

    monkeypatch.setattr(training, "evaluate", fail)
    code, out, err = run("evaluate", NAME)
    assert (code, out) == (1, "")
    assert "x.json" in err


def test_an_interruption_ends_quietly(run, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", stop)
    code, out, err = run("train", NAME)
    assert (code, out) == (130, "")
    assert err.strip() == "Interrupted."


def test_training_writes_to_the_checkout_unless_told_otherwise(run, monkeypatch, tmp_path):
    written = []
    monkeypatch.setattr(training, "train", lambda name, *, models_folder: written.append(models_folder))
    assert run("train", NAME)[0] == run("train", NAME, "--models", str(tmp_path))[0] == 0
    assert written == [Path(__file__).resolve().parent.parent / "models", tmp_path]


def test_version_and_help(run):
    assert run("--version")[:2] == (0, f"{attnviz.__version__}\n")
    for arguments in (("--help",), ("trace", "--help")):
        assert run(*arguments)[0] == 0


# ── operations on the weights ─────────────────────────────────────────────────────────────────────────────────────


def test_trace_with_operations(run):
    code, out, err = run("trace", NAME, TEXT, "--edit", "uniform", "--edit", "hide-K0")
    assert code == 0
    assert json.loads(out) == operations.traced(zoo.load(NAME), TEXT, "uniform hide-K0").to_dict()
    assert [edit["label"] for edit in json.loads(out)["edits"]][-1] == "hide-K0"
    assert "uniform hide-K0" in err


@pytest.mark.parametrize("bad", ["unheard", "off-L77"])
def test_operations_that_are_none_are_bad_calls(run, bad):
    code, out, err = run("trace", NAME, TEXT, "--edit", bad)
    assert (code, out) == (2, "")
    assert bad in err


# ── languages of captions ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def captioner(monkeypatch):
    folder = caption_folder.made()
    monkeypatch.setenv("ATTNVIZ_MODELS", str(folder.parent))
    return folder.name


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_caption_in_a_language(run, captioner, language):
    code, out, _ = run("trace", captioner, caption_folder.EXAMPLES[0], "--language", language)
    assert code == 0
    expected = zoo.load(captioner).trace(caption_folder.EXAMPLES[0], language=language)
    assert json.loads(out) == expected.to_dict()


def test_messages_and_captions_have_each_their_language(run, captioner):
    example = caption_folder.EXAMPLES[0]
    code, out, err = run("trace", captioner, example, "--lang", "ja", "--language", "fr")
    assert (code, out) == (2, "")
    assert "en, ja" in err and "言語" in err


def test_a_language_where_there_is_no_choice_is_a_bad_call(run):
    code, out, err = run("trace", NAME, TEXT, "--language", "en")
    assert (code, out) == (2, "")
    assert NAME in err and "language" in err


@pytest.mark.parametrize("bad", ["unheard", "meadow;dog", "meadow;unicorn@1,1", "meadow;dog@1,99"])
def test_a_code_that_is_none_is_a_bad_call(run, captioner, bad):
    code, out, err = run("trace", captioner, bad)
    assert (code, out) == (2, "")
    assert err.strip() and "Traceback" not in err


# ── a model over a corpus ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_corpus_is_measured_and_bad_lines_are_told(run, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a good film\nnot good at all\n\xff\xff\n")
    (tmp_path / "b.jsonl").write_text('{"said": "what a dull film"}\n{"said": 3}\n')
    arguments = ("corpus", "sentiment-en", tmp_path / "*.*", "--column", "said", "-o", tmp_path / "out")
    code, out, err = run(*arguments)
    told = json.loads(out)
    assert (code, told["sentences"], told["refused"]) == (0, 3, {"corpus_encoding": 1, "corpus_no_text": 1})
    assert "1 left out: not UTF-8 (a.txt:3, …)" in err and "b.jsonl:2" in err
    heads = pd.read_parquet(tmp_path / "out" / "heads.parquet")
    assert set(heads["figure"]) == {"entropy", "first", "largest"}
    assert json.loads(run(*arguments)[1]) == told  # it is done, and read


def test_a_corpus_run_that_was_killed_goes_on(tmp_path):
    texts = tmp_path / "many.txt"
    texts.write_text("".join(f"{TEXT} {number}\n" for number in range(20_000)))
    command = [sys.executable, "-m", "attnviz", "corpus", NAME, str(texts), "-o", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 90
        while not (tmp_path / "out" / "unfinished.npz").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
    assert sorted(path.name for path in (tmp_path / "out").glob("*.*") if path.suffix != ".part") == ["unfinished.npz"]
    done = call(*command[3:])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sentences"] == 20_000
    assert not (tmp_path / "out" / "unfinished.npz").exists()


def test_what_was_measured_goes_with_the_weights_and_how_to_measure_anew_is_said(run, monkeypatch, tmp_path):
    from attnviz.training import pipeline

    name = "topics-en"
    measured = tmp_path / name / "corpus"
    measured.mkdir(parents=True)
    (measured / "corpus.json").write_bytes((zoo.model_folders()[name] / "corpus" / "corpus.json").read_bytes())

    def train(_, *, models_folder):
        with pipeline.whole(models_folder / name):
            return models_folder / name

    monkeypatch.setattr(training, "train", train)
    code, _, err = run("--lang", "en", "train", name, "--models", tmp_path)
    assert code == 0 and not measured.exists()
    assert f"corpus {name} --test --first 4500 --effect --brief -o {measured}" in err
    assert "measured" not in run("train", name, "--models", tmp_path)[2], "there was nothing to lose"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "either files"),
        (["nothing.txt"], "nothing.txt"),
        (["nothing.txt", "--test"], "either files"),
    ],
)
def test_a_bad_call_of_corpus(run, tmp_path, given, said):
    code, out, err = run("--lang", "en", "corpus", NAME, *given, "-o", tmp_path / "out")
    assert (code, out) == (2, "") and said in err
    assert not (tmp_path / "out").exists()


def test_a_handout_of_a_sentence(run, tmp_path):
    file = tmp_path / "handout.html"
    at = ("--head", 1, "--query", 2, "--address", "http://hall:8501/")
    assert run("--lang", "ja", "handout", "sentiment-en-encoder", "not <b>good</b>", *at, "-o", file)[0] == 0
    page = file.read_text(encoding="utf-8")
    assert "http://hall:8501/?lang=ja&amp;model=sentiment-en-encoder&amp;text=not+%3Cb%3Egood" in page
    assert translate("ja", "figures.layer_head", layer=2, head=2) in page and "<b>good" not in page
    for wrong in (("--query", 99, "-o", file), ("-o", tmp_path / "handout.odt")):
        assert run("handout", "sentiment-en-encoder", "good", *wrong)[0] == 2
