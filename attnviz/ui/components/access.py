"""A way past the header, a key for every action, and the answer said aloud: for who has no mouse, or no eyes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attnviz.i18n import translate
from attnviz.ui.components import component
from attnviz.ui.context import VERBS, Context

_mount = component("access")


@dataclass(frozen=True)
class Action:
    """What can be done with a key.

    Attributes:
        keys: As the browser calls them, letters small.
        name: Message that says what it does.
        place: Selector of the place on the page; empty where another part of the page listens to the key.
        target: Selector of what is pressed in there.
        how: `press`, `focus`, or the view `before` or `after`; empty where another part listens.
        shown: How the keys are listed; the first of them in capitals if empty.
    """

    keys: tuple[str, ...]
    name: str
    place: str = ""
    target: str = ""
    how: str = ""
    shown: str = ""


_RAIL = ".st-key-rail-place"

ACTIONS: tuple[Action, ...] = (
    Action(("/",), "box.placeholder", ".st-key-box-place", "textarea", "focus"),
    Action(("x",), "box.examples", ".st-key-box-place, .st-key-side", ".examples button", "focus"),
    *(
        Action((str(number),), f"rail.{verb}", _RAIL, f'[data-verb="{verb}"]', "press")
        for number, verb in enumerate(VERBS, 1)
    ),
    Action(("[",), "access.before", how="before"),
    Action(("]",), "access.after", how="after"),
    Action(("m",), "page.model", ".st-key-model-place", ".open", "press"),
    Action(("d",), "controls.display", ".st-key-display", "button", "press"),
    Action(("e",), "downloads.title", ".st-key-export", "button", "press"),
    Action(("l",), "page.language", ".st-key-lang", "button[aria-checked=false]", "press"),
    Action(("s",), "shuffle.button", ".st-key-shuffle-button", "button", "press"),
    Action(("u",), "shuffle.undo", ".st-key-unshuffle", "button", "press"),
    Action(("w",), "onward.why", ".st-key-onward-why", "button", "press"),
    Action(("v",), "access.beside", '[class*="st-key-onward-"]:not(.st-key-onward-why)', "button", "press"),
    Action(("t",), "access.token", ".st-key-shared", ".token", "focus"),
    Action(("n",), "page.table", ".st-key-drawing", '[class*="st-key-numbers-"] summary', "press"),
    Action(("a",), "lecture.add", ".st-key-add-slide", "button", "press"),
    Action(("z", "escape"), "zoom.out", ".st-key-drawing", ".st-key-zoom-out button", "press"),
    Action(("f",), "alone.turn"),
    Action(("c",), "alone.controls"),
    Action(("b", "."), "alone.black"),
    Action(("p",), "alone.contrast"),
    Action(("pagedown",), "lecture.next", shown="Page Down"),
    Action(("pageup",), "lecture.previous", shown="Page Up"),
    Action(("escape",), "access.close", shown="Esc"),
    Action(("?",), "access.ask"),
)


def access(context: Context, said: str) -> None:
    """Draw it, out of sight but for a button.

    Args:
        context: The page.
        said: The answer, in words; what changes of it is said aloud.
    """
    words = ("skip", "ask", "title", "on", "close_list")
    _mount(
        key="access",
        data={
            "actions": [_action(context, action) for action in ACTIONS],
            "said": said,
            "words": {word.removesuffix("_list"): translate(context.language, f"access.{word}") for word in words},
        },
    )


def _action(context: Context, action: Action) -> dict[str, Any]:
    return {
        # With the stage alone it is the way back to the page.
        "keys": [key for key in action.keys if not (key == "escape" and action.how and context.state.stage)],
        "name": context.t(action.name),
        "shown": action.shown or action.keys[0].upper(),
        "place": action.place,
        "target": action.target,
        "how": action.how,
    }
