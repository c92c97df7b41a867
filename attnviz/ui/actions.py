"""What a visitor does that is no widget's value: callbacks, each a change of the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attnviz.errors import InputError
from attnviz.trace import Notice
from attnviz.ui import photos, session
from attnviz.ui.settings import MAX_SENTENCES, cut

#: The views that say what an answer depends on, that set two rows side by side, and that show heads over a corpus.
WHY, BESIDE, CORPUS = "attribution", "compare", "corpus"


def take_entry(entry: Mapping[str, Any] | None) -> None:
    """Take over what the sentence box sent, if it is new.

    Args:
        entry: `text` or `photo`, `kind` (apply, live, follow, or why: the sentence in the view that says why the model
            fails on it), `follow` and a `stamp` that rises.
    """
    page = session.held()
    if not entry or entry["stamp"] <= page.stamp:
        return
    page.stamp, follow = entry["stamp"], bool(entry["follow"])
    if "photo" in entry:
        try:
            text, page.problems = photos.keep(str(entry["photo"])).code, ()
        except InputError:
            page.problems = (Notice("photo_broken"),)
            return
    else:
        text, page.problems = cut(str(entry["text"]))
    session.change(follow=follow)
    if entry["kind"] != "follow" or (follow and text.strip()):
        session.typed(text, applied=entry["kind"] in ("apply", "why"))
    if entry["kind"] == "why":
        open_why()


def entered() -> None:
    """The sentence box sent something."""
    take_entry(session.event("box", "entry"))


def composed() -> None:
    """The editor of a scene sent another code."""
    take_entry(session.event("scene", "entry"))


def photographed() -> None:
    """Photographs were laid out, or one's own was dropped in."""
    take_entry(session.event("photo", "entry"))


def navigated() -> None:
    """The browser went back or forward: take over the address it stands at."""
    event = session.event("address", "navigated")
    if event:
        session.open_address(event["parameters"])


def view_chosen() -> None:
    """A view was chosen on the rail."""
    event = session.event("rail", "chosen")
    if event and event["view"] in session.held().facts.views:
        session.change(view=event["view"])


def stage_alone() -> None:
    """The stage alone, or the page around it again."""
    if session.event("alone", "turned") or session.event("alone-button", "turned"):
        session.change(stage=not session.held().asked.stage)


def contrasted() -> None:
    """Colours of strong contrast, or those of always."""
    if session.event("alone", "contrasted"):
        session.change(contrast=not session.held().asked.contrast)


def selected() -> None:
    """A sentence was chosen on the stage."""
    chosen = session.event("words", "selected")
    if isinstance(chosen, (int, float)) and 1 <= chosen <= MAX_SENTENCES:
        session.change(sentence=int(chosen))


def token_chosen() -> None:
    """A token on the stage was chosen as the query; it is told by the model's own position."""
    event = session.event("words", "token")
    if event:
        session.change(sentence=int(event["sentence"]), query=int(event["token"]))


def head_chosen() -> None:
    """A head was chosen in the overview: open it."""
    event = session.event("maps", "chosen")
    if event:
        open_head(int(event["layer"]), int(event["head"]))


def cell_chosen() -> None:
    """A cell of the map of one head was clicked: its row's query."""
    event = session.event("matrix", "chosen")
    if event:
        query_chosen([event["query"]])


def query_chosen(point: Sequence[int]) -> None:
    """A point of a chart that stands for a query was clicked, by the model's own position."""
    session.change(query=int(point[0]))


def open_head(layer: int, head: int) -> None:
    """Show one head."""
    session.change(layer=layer, head=head, view="head")


def keep_head(layer: int, head: int) -> None:
    """Look at another head in the view there is."""
    session.change(layer=layer, head=head)


def open_corpus(figure: str) -> None:
    """Show what the head that is looked at does over a corpus."""
    session.change(view=CORPUS, does=figure)


def look_chosen() -> None:
    """The player of a training stands at another look."""
    event = session.event("learning", "event")
    if event:
        session.change(look=int(event["look"]))


def shuffle(seed: int) -> None:
    """Read the tokens in another order; 0 is their own."""
    session.change(shuffle=seed % 1000)


def writing_changed() -> None:
    """Something happened in the picture of a translation that is written."""
    event = session.event("writing", "event")
    if not event:
        return
    if event["kind"] == "alternative":
        session.change(path=(*session.held().asked.path, (int(event["place"]), str(event["token"]))))
    elif event["kind"] == "step":
        session.change(at=int(event["place"]))
    elif event["kind"] == "token":
        session.change(query=int(event["place"]))


def own_way() -> None:
    """Back to what the model writes by itself."""
    session.change(path=(), own="")


def undo_choice() -> None:
    """Take back the last token that was chosen."""
    session.change(path=session.held().asked.path[:-1])


def model_chosen() -> None:
    """A model was chosen in the header."""
    event = session.event("models", "chosen")
    if event and event["model"] in session.held().facts.cards:
        open_model(event["model"])


def open_model(name: str) -> None:
    """Show another model."""
    session.change(model=name)


def open_why() -> None:
    """Show what the answer depends on."""
    session.change(view=WHY)


def open_beside(name: str) -> None:
    """Show another model beside this one, over the same sentence."""
    session.change(view=BESIDE, against="model", model2=name)


def open_sentence(text: str, view: str, edits: Sequence[str] = ()) -> None:
    """Show one sentence in a view, with operations on its weights; a step of the browser's history."""
    step = session.held().step
    session.change(text=text, view=view, edits=tuple(edits), sentence=1, shuffle=0, target=-1, path=(), own="")
    session.held().step = step + 1
    session.remember_steps()
