"""The file itself: data, a little script and rules, all in it."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from attnviz.figures import style
from attnviz.i18n import translate
from attnviz.lectures import Lecture, Slide, in_language
from attnviz.offline.pictures import only_live, pictures
from attnviz.version import __version__

_FOLDER = Path(__file__).parent

_WORDS = ("previous", "next", "notes", "weights", "weight", "print", "sheet", "own", "changed", "row", "written")


def page(lecture: Lecture, language: str = "en") -> bytes:
    """A lecture as an HTML file: nothing is asked of a network, the keys are those of the page.

    Printed, every slide has a sheet of its own with the speaker's notes; as a worksheet it has room for answers in the
    place of the weights.

    Args:
        lecture: What is shown; its models are run.
        language: Of words and interface.

    Raises:
        ModelError, InputError: A slide asks for a model that there is not, or for what it cannot read.
    """
    data = {
        "slides": [_slide(each, language) for each in lecture.slides],
        "colours": [list(pair) for pair in style.palette(style.theme("light").ramp)[::5]],
        "words": {word: translate(language, f"offline.{word}") for word in _WORDS},
    }
    # Whatever a lecture says stays data: no "<" is in the script.
    written = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    title = html.escape(in_language(lecture.title, language))
    made = html.escape(translate(language, "offline.made", version=__version__))
    text = (_FOLDER / "page.html").read_text(encoding="utf-8")
    parts = {"language": html.escape(language), "title": title, "made": made, "font": style.FONT, "data": written}
    parts |= {kind: (_FOLDER / f"page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")}
    # In one go: what was put in is not looked through again.
    pieces = text.split("%%")
    return "".join(parts[piece] if at % 2 else piece for at, piece in enumerate(pieces)).encode()


def _slide(slide: Slide, language: str) -> dict[str, Any]:
    settings = slide.state_in(language)
    view = translate(language, f"views.{settings['view']}") if settings.get("view") else ""
    return {
        "title": in_language(slide.title, language),
        "words": _paragraphs(in_language(slide.words, language)),
        "notes": _paragraphs(in_language(slide.notes, language)),
        "ask": in_language(slide.ask, language),
        "attempt": in_language(slide.attempt, language),
        "live": translate(language, "offline.live", view=view) if only_live(settings) else "",
        "pictures": pictures(settings, language) if settings.get("model") and settings.get("text") else [],
    }


def _paragraphs(text: str) -> list[str]:
    return [each for each in text.split("\n\n") if each.strip()]
