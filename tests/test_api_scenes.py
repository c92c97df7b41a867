"""Pictures of scenes and their art over HTTP, and captions in a language."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from attnviz import zoo
from attnviz.api import ROUTES, SIZES, scenes
from attnviz.scenes import KINDS, SIDE, STYLES, Scene
from attnviz.scenes.kinds import ART
from tests.families.writing import caption_folder
from tests.shipped import POOLING, card
from tests.test_api import refused

CODE = "meadow;dog@3,2;tree.noto@9,8*1.3~10"


@pytest.fixture(scope="module")
def client():
    with TestClient(Starlette(routes=ROUTES), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def captioner():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATTNVIZ_MODELS", str(caption_folder.made().parent))
        yield caption_folder.made().name


# ── pictures ──────────────────────────────────────────────────────────────────────────────────────────────────────


def picture(answer) -> np.ndarray:
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["content-type"] == "image/webp"
    return np.array(Image.open(io.BytesIO(answer.content)))


@pytest.mark.parametrize("size", [None, SIDE, 311, SIZES[1]])
def test_a_scene_is_what_the_model_is_given(client, size):
    asked = {"code": CODE} | ({} if size is None else {"size": str(size)})
    found = picture(client.get("/api/scene.webp", params=asked))
    np.testing.assert_array_equal(found, np.array(Scene(CODE).image(size or SIDE)))


def test_one_picture_has_one_tag_however_it_is_written(client):
    tag = client.get("/api/scene.webp", params={"code": CODE}).headers["etag"]
    loose = client.get("/api/scene.webp", params={"code": " meadow ; dog@3.0,2*1.00; tree.noto@9,8*1.3~10;"})
    assert loose.headers["etag"] == tag
    assert (
        loose.headers["content-location"] == client.get(loose.headers["content-location"]).headers["content-location"]
    )
    assert "max-age" in loose.headers["cache-control"]
    for other in ({"code": CODE, "size": "225"}, {"code": "meadow;tree@9,8;dog@3,2"}, {"code": "meadow"}):
        assert client.get("/api/scene.webp", params=other).headers["etag"] != tag


def test_who_has_the_picture_is_not_sent_it_again_and_nothing_is_drawn(client, monkeypatch):
    tag = client.get("/api/scene.webp", params={"code": CODE}).headers["etag"]
    monkeypatch.setattr(scenes, "_webp", lambda code, size: pytest.fail("drawn"))
    answer = client.get("/api/scene.webp", params={"code": CODE}, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "missing_field"),
        ({"code": ""}, "scene_background"),
        ({"code": "moon base"}, "scene_background"),
        ({"code": "meadow;dog"}, "scene_code"),
        ({"code": "meadow;unicorn@1,1"}, "scene_object"),
        ({"code": "meadow;dog.oil@1,1"}, "scene_style"),
        ({"code": "meadow;dog@14,1"}, "scene_value"),
        ({"code": "meadow" + ";dog@1,1" * 13}, "scene_many"),
        ({"code": "meadow;" + "dog@1,1;" * 1250}, "scene_long"),
        ({"code": "\ufffd\0"}, "scene_background"),
        ({"code": "<script>"}, "scene_background"),
        ({"code": "meadow", "size": "223"}, "scene_size"),
        ({"code": "meadow", "size": "897"}, "scene_size"),
        ({"code": "meadow", "size": "-224"}, "scene_size"),
        ({"code": "meadow", "size": "9" * 5000}, "not_a_number"),
        ({"code": "meadow", "size": "224.5"}, "not_a_number"),
        ({"code": "meadow", "size": "NaN"}, "not_a_number"),
        ({"code": "meadow", "colour": "red"}, "unknown_field"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_no_scene(client, query, code, language):
    answer = client.get("/api/scene.webp", params=query, headers={"Accept-Language": language})
    refused(answer, 400, code)
    assert len(answer.content) < 4000
    assert "{" not in answer.json()["error"]["message"]


def test_what_is_kept_is_bounded(client):
    for size in range(SIDE, SIDE + 40):
        assert client.get("/api/scene.webp", params={"code": "night", "size": size}).status_code == 200
    assert scenes._webp.cache_info().currsize <= 32
    from attnviz.scenes import backgrounds

    assert backgrounds.drawn.cache_info().currsize <= 16


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
@pytest.mark.parametrize("path", ["/api/scene.webp", "/api/art/noto/dog.webp"])
def test_pictures_are_only_read(client, method, path):
    refused(client.request(method, path), 405, "method_not_allowed")


# ── art ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("style", STYLES)
def test_all_art_is_there_and_kept_by_browsers(client, style):
    for kind in KINDS:
        answer = client.get(f"/api/art/{style}/{kind}.webp")
        assert picture(answer).shape[2] == 4, "with alpha"
        assert "immutable" in answer.headers["cache-control"]
        assert answer.content == (ART / style / f"{kind}.webp").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        *("noto/unicorn.webp", "oil/dog.webp", "noto/.webp", "noto/Dog.webp", "../kinds.toml", "noto/dog.png"),
        *(
            "noto/..%2f..%2fkinds.toml.webp",
            "%2e%2e/noto/dog.webp",
            "noto/dog%00.webp",
            "noto/%ff.webp",
            "noto//dog.webp",
        ),
    ],
)
def test_only_known_art_is_given(client, path):
    answer = client.get(f"/api/art/{path}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] in ("no_such_art", "no_such_address")


# ── captions ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_caption_is_written_in_the_language_asked_for(client, captioner, language):
    asked = {"model": captioner, "text": CODE, "language": language}
    expected = zoo.load(captioner).trace(CODE, language=language).to_dict()
    assert client.get("/api/trace", params=asked).json() == expected
    assert client.post("/api/trace", json=asked).json() == expected
    assert expected["source"] == {"kind": "picture", "code": CODE, "size": [SIDE, SIDE]}


def test_without_one_it_is_english(client, captioner):
    asked = {"model": captioner, "text": CODE}
    english = client.get("/api/trace", params={**asked, "language": "en"}).json()
    japanese = client.get("/api/trace", params={**asked, "language": "ja"}).json()
    assert client.get("/api/trace", params=asked).json() == english != japanese


def test_a_language_that_cannot_be_had(client, captioner):
    asked = {"model": captioner, "text": CODE}
    refused(client.get("/api/trace", params={**asked, "language": "fr"}), 400, "caption_language")
    refused(client.post("/api/trace", json={**asked, "language": 5}), 400, "missing_field")
    text = {"model": POOLING[0], "text": card(POOLING[0])["examples"][0], "language": "en"}
    refused(client.get("/api/trace", params=text), 400, "no_language")
