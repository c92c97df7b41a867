"""A model folder of one's own in the page; upload is there only where it was switched on for a local server."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from attnviz import export, zoo
from attnviz.i18n import translate
from attnviz.trace import Written
from attnviz.ui import models as models_found
from attnviz.ui.serving import hosts
from tests.app.page import Page
from tests.families.own.own_folder import LABELS, encoder, make
from tests.notebook.made import MADE


@pytest.fixture
def models(tmp_path, monkeypatch):
    """An empty folder for models; the page's list of models is read anew before and after."""
    place = tmp_path / "models"
    place.mkdir()
    monkeypatch.setenv("ATTNVIZ_MODELS", str(place))
    models_found.forget()
    yield place
    models_found.forget()


@pytest.fixture
def local(monkeypatch):
    """Switched on, on a server that listens on this machine only, for a visitor at it."""
    monkeypatch.setenv("ATTNVIZ_UPLOAD", "1")
    monkeypatch.setattr(hosts, "from_this_machine", lambda *_: True)
    address(monkeypatch, "localhost")


def address(monkeypatch, value):
    real = st.get_option
    monkeypatch.setattr(st, "get_option", lambda key: value if key == "server.address" else real(key))


def packed(folder):
    """A folder as a file manager packs it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(f"{folder.name}/", b"")
        made.writestr("__MACOSX/._card.json", b"x")
        for path in folder.iterdir():
            made.write(path, f"{folder.name}/{path.name}")
    return buffer.getvalue()


def send(page: Page, *files: tuple[str, bytes, str]) -> Page:
    page.app.file_uploader(key="upload-files").set_value(list(files))
    page.run()
    page.app.button(key="upload-button").click()
    return page.run()


def uploads(app: AppTest) -> int:
    return len(app.get("file_uploader"))


def test_a_folder_put_there_by_hand_is_drawn(models):
    make(models, encoder(), "by-hand", labels=LABELS, title={"en": "Put by hand"}, examples=["we saw the car"])
    page = Page(model="by-hand", lang="en")
    assert page.state("model") == "by-hand" and page.state("text") == "we saw the car"
    assert page.tokens() == ["we", "saw", "the", "car"]
    for view in ("heatmap", "head", "lines", "prediction", "card"):
        assert page.choose("view", view).state("view") == view


def test_classes_without_names_go_by_number_and_are_not_those_of_another_model(models):
    for name in ("one", "two"):
        make(models, encoder(3), name)
    page = Page(model="one", lang="en", text="we saw the car", view="prediction")
    assert [each["layout"]["yaxis"]["ticktext"] for each in page.figures()] == [["0", "1", "2"]]
    page.choose("view", "compare").choose("against", "model").choose("model2", "two")
    assert translate("en", "compare.other_classes") in [each.value for each in page.app.markdown]
    assert len(page.figures()) == 3 and all(page.alternatives())


def test_off_means_nothing_of_it(models):
    assert uploads(Page(lang="en").app) == 0


def test_on_for_others_says_why_not(models, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_UPLOAD", "1")
    for value in (None, "0.0.0.0"):
        address(monkeypatch, value)
        page = Page(lang="en")
        assert uploads(page.app) == 0
        assert any("server" in message and "localhost" in message for message in page.messages())


def test_a_zip_of_a_folder_is_checked_kept_and_shown(models, local, tmp_path):
    folder = make(tmp_path / "elsewhere", encoder(), "sent", labels=LABELS, examples=["we saw the car"])
    page = send(Page(lang="en"), ("sent.zip", packed(folder), "application/zip"))
    assert page.state("model") == "sent"
    assert page.tokens()[-1:] and "sent" in models_found.names()
    assert json.loads((models / "sent" / "card.json").read_text())["files"].keys() == {"model.keras", "vocabulary.txt"}
    assert zoo.load("sent").trace("we saw").blocks[0].kind == "self"


def test_the_files_one_by_one(models, local, tmp_path):
    folder = make(tmp_path / "elsewhere", encoder(), "single", labels=LABELS)
    page = send(Page(lang="en"), *((path.name, path.read_bytes(), "") for path in folder.iterdir()))
    assert page.state("model") == "single"


def test_what_is_hostile_is_refused_in_the_page(models, local):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("../../evil", b"x")
    page = Page(lang="en")
    before = page.state("model")
    send(page, ("evil.zip", buffer.getvalue(), "application/zip"))
    assert page.state("model") == before and list(models.iterdir()) == []
    assert any("evil" in message for message in page.messages())


@pytest.mark.parametrize("kind", ["self", "cross", "written", "causal", "pooling", "written without alternatives"])
def test_saved_attention_is_opened_again_in_every_view_that_needs_no_model(models, local, kind):
    trace = MADE[kind]()
    page = send(Page(lang="en"), (f"{kind}.json", export.json([trace]), "application/json"))
    assert page.state("model") == kind.replace(" ", "-") and page.rows()[0]["alt"]
    entries = [each for verb in page.component("rail")["verbs"] for each in (*verb["views"], *verb["more"])]
    keys = [key for entry in entries for key in entry["parts"]]
    assert ("written" in keys) == isinstance(trace.output, Written)
    assert {"bars", "heatmap", "card"} <= set(keys) and not {"surgery", "attribution", "steps", "cell"} & set(keys)
    for key in keys:
        assert page.choose("view", key).state("view") == key
        assert not page.app.error, [each.value for each in page.app.error]
    if "lines" in keys:
        assert page.choose("view", "lines").component("lines")["queries"] == list(trace.block(0).query.tokens)
    page.enter("another sentence")
    assert any("the file has no such sentence" in message for message in [*page.messages(), str(page.rows())])


def test_a_request_while_it_is_off_does_nothing(models, local, monkeypatch, tmp_path):
    folder = make(tmp_path / "elsewhere", encoder(), "late", labels=LABELS)
    page = Page(lang="en")
    page.app.file_uploader(key="upload-files").set_value([("late.zip", packed(folder), "application/zip")])
    page.run()
    monkeypatch.setenv("ATTNVIZ_UPLOAD", "0")
    page.app.button(key="upload-button").click()
    page.run()
    assert list(models.iterdir()) == [] and uploads(page.app) == 0
