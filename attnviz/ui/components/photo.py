"""Photographs, in the place of the sentence box."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from typing import Any

from attnviz.errors import InputError
from attnviz.families.card import ModelCard
from attnviz.i18n import languages, translate
from attnviz.scenes import GROCERIES, Collage
from attnviz.scenes.collage import GROUNDS, SIDE
from attnviz.scenes.groceries import photographs
from attnviz.trace import Picture
from attnviz.ui import photos
from attnviz.ui.components import component
from attnviz.ui.session import Held
from attnviz.ui.settings import MAX_SENTENCES, sentences
from attnviz.version import __version__

#: Words of the component, of the catalogue's section `photo`.
_WORDS = (
    *("own", "own_hint", "absent", "lay_out", "tools", "layouts", "examples", "search", "tray", "nothing_found"),
    *("picture", "unreadable", "undo", "redo", "shuffle", "another", "swap"),
    *("layout_one", "layout_beside", "layout_stacked", "layout_three", "layout_four"),
)

_mount = component("photo")


def photo_box(page: Held, card: ModelCard, on_entry: Callable[[], None]) -> Mapping[str, Any] | None:
    """Draw the photographs of the selected line; the others stay as they are.

    Args:
        page: The visitor's.
        card: Of the chosen model.
        on_entry: Called before the run that follows something it sent.

    Returns:
        The last thing it sent: as of the sentence box, or `photo`, an own photograph as a data address, in the place of
        `text`.
    """
    asked, language = page.asked, page.asked.lang
    codes = sentences(asked.text)[:MAX_SENTENCES] or [""]
    place = min(asked.sentence, len(codes)) - 1
    code, error, own = _read(codes[place].strip(), language)
    result = _mount(
        key="photo",
        data={
            "code": code,
            "error": error,
            "own": own,
            "before": codes[:place],
            "after": codes[place + 1 :],
            "version": f"{page.version}.{place}.{bool(own)}",
            "follow": asked.follow,
            "there": there(),
            "side": SIDE,
            "art": __version__,
            "grounds": {name: f"rgb({', '.join(map(str, colour))})" for name, colour in GROUNDS.items()},
            "kinds": _kinds(language),
            "examples": [{"code": code, "told": _told(code, language)} for code in card.examples],
            "words": {word: translate(language, f"photo.{word}") for word in _WORDS},
        },
        on_entry_change=on_entry,
    )
    entry: Mapping[str, Any] | None = result.entry
    return entry


def there() -> bool:
    """Whether the photographs of the data set are on this machine."""
    try:
        photographs()
    except InputError:
        return False
    return True


def _read(code: str, language: str) -> tuple[str, str, str]:
    """The code in its usual form, why it cannot be shown, and the address of an own photograph."""
    try:
        if photos.is_own(code):
            return code, "", _address(photos.find(code))
        return Collage(code).code, "", ""
    except InputError as error:
        return code, error.message(language), ""


def _address(picture: Picture) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture.pixels()).save(file, "WEBP", quality=85)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def _kinds(language: str) -> list[dict[str, Any]]:
    """Kinds with their words, of the page's language to be shown, of the others to be found by; how many there are."""
    others = [each for each in languages() if each != language]
    known = photographs() if there() else None
    return [
        {
            "name": name,
            "word": kind.words(language),
            "others": " ".join(kind.words(each) for each in others),
            "count": known.count("test", name) if known else 0,
        }
        for name, kind in GROCERIES.items()
    ]


def _told(code: str, language: str) -> str:
    """A collage in a few words; empty for what is none."""
    try:
        objects = Collage(code).objects
    except InputError:
        return ""
    return translate(language, "alt.separator").join(GROCERIES[each.kind].words(language) for each in objects)
