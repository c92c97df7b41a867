"""Sentences out of files of every kind; a line that cannot be read is told, and the others are read."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from attnviz.corpus import files, lines
from attnviz.corpus.reading import READERS, count
from attnviz.errors import InputError

SENTENCES = ["a good film", "悪い映画", 'said "no", twice', "=1+1"]


def _written(folder, kind):
    path = folder / f"some{kind}"
    table = pd.DataFrame({"number": range(len(SENTENCES)), "said": SENTENCES, "text": "never"})
    if kind == ".txt":
        path.write_text("\ufeff" + "\n\n".join(SENTENCES) + "\r\n", "utf-8")
    elif kind in (".csv", ".tsv"):
        table.to_csv(path, sep="," if kind == ".csv" else "\t", index=False)
    elif kind == ".parquet":
        table.to_parquet(path)
    else:
        path.write_text("\n".join(table.to_json(orient="records", lines=True, force_ascii=False).split("\n")), "utf-8")
    return path


@pytest.mark.parametrize("kind", READERS)
def test_every_kind_is_read_by_its_column(kind, tmp_path):
    path = _written(tmp_path, kind)
    read = list(lines([path], "said"))
    assert [(line.text, line.error) for line in read] == [(text, "") for text in SENTENCES]
    assert read[1].where.startswith(f"some{kind}:")
    assert count([path], "said") == len(SENTENCES)
    if kind != ".txt":
        assert next(lines([path])).text == "never"  # a usual name
    if kind in (".csv", ".tsv", ".parquet"):
        with pytest.raises(InputError) as lacking:
            list(lines([path], "other"))
        assert lacking.value.code == "corpus_column" and "said" in lacking.value.message("ja")


def test_bad_lines_are_told_with_their_place_and_the_rest_is_read(tmp_path):
    text, table, objects = tmp_path / "a.txt", tmp_path / "b.csv", tmp_path / "c.jsonl"
    text.write_bytes(b"good\n\xff\xfe\n\nagain\n")
    table.write_bytes(b'text,x\ngood,1\nalone\n\xff,1\n"",1\nagain,1\n"never ends,1\n')
    objects.write_text('"plain"\n{"text": "good"}\n{"text": 3}\nno json\n[1]\n{"other": "x"}\n' + json.dumps("\ud800"))
    told = {
        path.name: [(line.text or line.error, line.where) for line in lines([path])] for path in (text, table, objects)
    }

    assert told["a.txt"] == [("good", "a.txt:1"), ("corpus_encoding", "a.txt:2"), ("again", "a.txt:4")]
    assert [word for word, _ in told["b.csv"]] == [
        "good",
        "corpus_row",
        "corpus_encoding",
        "empty_text",
        "again",
        "corpus_row",
    ]
    assert [word for word, _ in told["c.jsonl"]] == [
        "plain",
        "good",
        "corpus_no_text",
        "corpus_json",
        "corpus_no_text",
        "corpus_no_text",
        "corpus_encoding",
    ]


def test_names_folders_and_patterns_stand_for_files_each_once(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    for name in ("b.txt", "a.txt", "inner/c.csv", "inner/notes.md"):
        (tmp_path / name).write_text("text\nx\n")
    named = [path.name for path in files([str(tmp_path / "a.txt"), str(tmp_path), str(tmp_path / "**" / "*.csv")])]
    assert named == ["a.txt", "b.txt", "c.csv"]
    for given, code in ((inner / "notes.md", "corpus_format"), (tmp_path / "*.json", "corpus_no_files")):
        with pytest.raises(InputError) as refused:
            files([str(given)])
        assert refused.value.code == code and refused.value.message("ja")


@pytest.mark.parametrize("kind", [".parquet", ".csv"])
def test_a_file_that_is_none_of_its_kind_is_refused_by_name(kind, tmp_path):
    (tmp_path / f"broken{kind}").write_bytes(b"PAR1 not" if kind == ".parquet" else b"")
    with pytest.raises(InputError) as refused:
        list(lines([tmp_path / f"broken{kind}"]))
    assert refused.value.code in ("corpus_unreadable", "corpus_column")
    assert "broken" in str(refused.value)
