"""The editor in which a scene is composed, in the place of the sentence box."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.i18n import languages, translate
from attnviz.scenes import BACKGROUNDS, GRID, KINDS, STYLES, Scene
from attnviz.scenes.scene import CELLS, MOST, SIZES
from attnviz.ui.components import component
from attnviz.ui.session import Held
from attnviz.ui.settings import MAX_SENTENCES, sentences
from attnviz.version import __version__

#: Milliseconds of quiet before a change is sent.
PAUSE = 300

#: Words of the component, of the catalogue's section `scene`.
_WORDS = (
    *("compose", "undo", "redo", "shuffle", "clear", "smaller", "larger", "front", "remove", "hint", "keys", "picture"),
    *(
        "tools",
        "examples",
        "backgrounds",
        "search",
        "tray",
        "nothing_found",
        "code",
        "copy",
        "copied",
        "unchecked",
        "photo",
    ),
)

_mount = component("scene")


def scene_box(page: Held, card: ModelCard, on_entry: Callable[[], None]) -> Mapping[str, Any] | None:
    """Draw the editor of the selected scene; the others stay as they are.

    Args:
        page: The visitor's.
        card: Of the chosen model.
        on_entry: Called before the run that follows something it sent.

    Returns:
        The last thing it sent, as of the sentence box.
    """
    asked, language = page.asked, page.asked.lang
    codes = sentences(asked.text)[:MAX_SENTENCES] or [""]
    place = min(asked.sentence, len(codes)) - 1
    scene, error = _read(codes[place], language)
    result = _mount(
        key="scene",
        data={
            "code": codes[place].strip() if scene is None else scene.code,
            "error": error,
            "before": codes[:place],
            "after": codes[place + 1 :],
            "version": f"{page.version}.{place}",
            "follow": asked.follow,
            "pause": PAUSE,
            "language": language,
            "art": __version__,
            "limits": {
                "grid": GRID,
                "cells": CELLS,
                "least": SIZES[0],
                "largest": SIZES[1],
                "most": MOST,
                "styles": list(STYLES),
            },
            "kinds": _kinds(language),
            "backgrounds": [{"name": each.name, "word": each.words[language]} for each in BACKGROUNDS.values()],
            "examples": [{"code": code, "told": _told(code, language)} for code in card.examples],
            "words": {word: translate(language, f"scene.{word}") for word in _WORDS}
            | {"full": translate(language, "scene.full", most=MOST)}
            | {"place": translate(language, "scene.place", **{each: f"{{{each}}}" for each in _PLACE})},
        },
        on_entry_change=on_entry,
    )
    entry: Mapping[str, Any] | None = result.entry
    return entry


#: What the browser puts into the words that say where a thing is.
_PLACE = ("thing", "column", "row", "size")


def _read(code: str, language: str) -> tuple[Scene | None, str]:
    """The scene of a code, or why it is none."""
    try:
        return Scene(code), ""
    except InputError as error:
        return None, error.message(language)


def _kinds(language: str) -> list[dict[str, str]]:
    """Kinds with their words: of the page's language to be shown, of the others to be found by."""
    others = [each for each in languages() if each != language]
    return [
        {"name": name, "word": kind.words(language), "others": " ".join(kind.words(each) for each in others)}
        for name, kind in KINDS.items()
    ]


def _told(code: str, language: str) -> str:
    """A scene in a few words; empty for what is none."""
    scene, _ = _read(code, language)
    if scene is None:
        return ""
    separator = translate(language, "alt.separator")
    things = separator.join(KINDS[each.kind].words(language) for each in scene.objects)
    return translate(language, "scene.told", background=BACKGROUNDS[scene.background].words[language], things=things)
