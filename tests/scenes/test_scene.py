"""Codes of scenes: what they mean, their one usual form, and what is refused, at once and in words."""

from __future__ import annotations

import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.errors import InputError
from attnviz.scenes import BACKGROUNDS, GRID, KINDS, STYLES, Placed, Scene
from attnviz.scenes.scene import LONGEST_CODE, MOST, SIZES, TILTS


def hundredths(first: float, last: float) -> st.SearchStrategy[float]:
    return st.integers(round(first * 100), round(last * 100)).map(lambda number: number / 100)


placed = st.builds(
    Placed,
    st.sampled_from(sorted(KINDS)),
    hundredths(0, GRID - 1),
    hundredths(0, GRID - 1),
    hundredths(*SIZES),
    hundredths(*TILTS),
    st.sampled_from(STYLES),
)
composed = st.builds(Scene.composed, st.sampled_from(sorted(BACKGROUNDS)), st.lists(placed, max_size=MOST))


@given(composed)
def test_a_code_is_its_own_usual_form_and_holds_everything(scene: Scene):
    again = Scene(scene.code)
    assert again.code == scene.code and len(scene.code) <= LONGEST_CODE
    assert (again.background, again.objects) == (scene.background, scene.objects)
    assert again == scene and hash(again) == hash(scene)
    assert pickle.loads(pickle.dumps(scene)).objects == scene.objects


@pytest.mark.parametrize(
    ("loose", "usual"),
    [
        (" meadow ", "meadow"),
        ("meadow;", "meadow"),
        ("meadow; dog@3,2*1.0 ;tree@9,8*1.30", "meadow;dog@3,2;tree@9,8*1.3"),
        ("sea;fish.fluent@03,2.500~0", "sea;fish@3,2.5"),
        ("sea;fish.noto@3,2*1~-0", "sea;fish.noto@3,2"),
        ("sea;fish@-0,13.000*0.40~-45", "sea;fish@0,13*0.4~-45"),
        ("night;owl@1.005,1.999", "night;owl@1,2"),
    ],
)
def test_what_is_usual_is_left_out(loose: str, usual: str):
    assert Scene(loose).code == usual


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("", "scene_background"),
        (";", "scene_background"),
        ("Meadow", "scene_background"),
        ("dog@3,2", "scene_background"),
        ("<script>alert(1)</script>", "scene_background"),
        ("日本", "scene_background"),
        ("meadow;;", "scene_code"),
        ("meadow;dog", "scene_code"),
        ("meadow;dog@3", "scene_code"),
        ("meadow;dog@3,2,1", "scene_code"),
        ("meadow;dog@3,2~10*2", "scene_code"),
        ("meadow;dog@nan,2", "scene_code"),
        ("meadow;dog@NaN,inf", "scene_code"),
        ("meadow;dog@1e999,2", "scene_code"),
        ("meadow;dog@1e1,2", "scene_code"),
        ("meadow;dog@0x1,2", "scene_code"),
        ("meadow;dog@٣,2", "scene_code"),
        ("meadow;dog@3,2.1234", "scene_code"),
        ("meadow;dog@99999,2", "scene_code"),
        ("meadow;dog@3,2\0", "scene_code"),
        ("meadow;dog@3,2\nmeadow", "scene_code"),
        ("meadow;\ud800@3,2", "scene_code"),
        ("meadow;../dog@3,2", "scene_code"),
        ("meadow;unicorn@3,2", "scene_object"),
        ("meadow;-@3,2", "scene_object"),
        ("meadow;dog.oil@3,2", "scene_style"),
        ("meadow;dog@13.01,2", "scene_value"),
        ("meadow;dog@-0.01,2", "scene_value"),
        ("meadow;dog@9999,2", "scene_value"),
        ("meadow;dog@3,2*0.39", "scene_value"),
        ("meadow;dog@3,2*2.51", "scene_value"),
        ("meadow;dog@3,2~46", "scene_value"),
        ("meadow" + ";dog@3,2" * (MOST + 1), "scene_many"),
        ("meadow" + ";a@1,1" * 160, "scene_many"),
        ("meadow" + ";dog@3,2" * 200, "scene_long"),
        ("x" * 10_000, "scene_long"),
        (";" * 10_000, "scene_long"),
        ("meadow;" + "-" * 900 + "@1,1", "scene_object"),
        ("meadow;dog@" + "9" * 900, "scene_code"),
        (None, "scene_code"),
        (7, "scene_code"),
        (b"meadow", "scene_code"),
    ],
)
def test_what_is_no_scene_is_refused_at_once_and_in_words(code, error: str):
    start = time.process_time()
    with pytest.raises(InputError) as caught:
        Scene(code)
    assert time.process_time() - start < 0.5
    assert caught.value.code == error
    for language in ("en", "ja"):
        assert 10 < len(caught.value.message(language)) < 500


@given(st.text(max_size=80) | st.text("meadow;dog@.,*~-0123456789", max_size=80).map("meadow;".__add__))
def test_any_text_is_a_scene_or_an_error(text: str):
    try:
        scene = Scene(text)
    except InputError as error:
        assert error.code.startswith("scene_")
    else:
        assert Scene(scene.code).code == scene.code


def test_an_error_says_what_there_is():
    with pytest.raises(InputError, match="dog"):
        Scene("meadow;dogg@3,2")
    with pytest.raises(InputError, match="meadow, beach"):
        Scene("moon")
    with pytest.raises(InputError, match="fluent, noto"):
        Scene("meadow;dog.oil@3,2")


def test_what_is_composed_is_checked_as_a_code_is():
    with pytest.raises(InputError) as caught:
        Scene.composed("meadow", [Placed("dog", float("nan"), 2)])
    assert caught.value.code == "scene_code"
    with pytest.raises(InputError) as caught:
        Scene.composed("meadow", [Placed("dog", 3, 2, size=1e300)])
    assert caught.value.code in ("scene_code", "scene_value")


def test_every_kind_and_background_has_its_words():
    for each in (*KINDS.values(), *BACKGROUNDS.values()):
        assert each.name == each.name.strip().lower()
    assert len({kind.words("en") for kind in KINDS.values()}) == len(KINDS)
    assert len({kind.words("ja") for kind in KINDS.values()}) == len(KINDS)
    assert all(kind.words(language).strip() for kind in KINDS.values() for language in ("en", "ja"))
