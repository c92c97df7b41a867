"""The page as AppTest runs it, with verbs for what a visitor does and names for what is then there."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, local_script_runner

from attnviz import models
from attnviz.analysis.explain import cases
from attnviz.families.card import ModelCard
from attnviz.ui import warmup
from attnviz.ui.views import KEYS
from tests import shipped
from tests.app import figures

MAIN = Path(__file__).resolve().parents[2] / "attnviz" / "ui" / "main.py"
MODELS = tuple(card.name for card in models())
VIEWS = KEYS

#: Views every pooling classifier fits.
POOLING_VIEWS = ("bars", "heatmap", "steps", "prediction", "surgery", "attribution", "compare", "lesson", "card")

#: Views every Transformer encoder classifier fits.
ENCODER_VIEWS = (
    *("bars", "overview", "head", "lines", "heatmap", "heads", "flow"),
    *("cell", "prediction", "surgery", "attribution", "compare", "lesson", "card"),
)

#: Views every translation model fits as it opens, looking at source–target attention.
TRANSLATION_VIEWS = (
    *("bars", "written", "overview", "head", "lines", "heatmap", "flow"),
    *("cell", "surgery", "attribution", "compare", "lesson", "card"),
)

#: Views every model of the next word fits.
CONTINUATION_VIEWS = (
    *("bars", "written", "overview", "head", "lines", "heatmap", "heads", "flow"),
    *("cell", "next", "surgery", "attribution", "compare", "lesson", "card"),
)

#: Shipped models that pool the words of a text.
POOLING_MODELS = tuple(card.name for card in models() if "pooling" in card.kinds and card.takes == "text")

#: Shipped models that read texts, those that pool them first.
TEXTS = (*POOLING_MODELS, *(card.name for card in models() if card.takes == "text" and "pooling" not in card.kinds))


def _fitting(card: ModelCard) -> tuple[str, ...]:
    views: tuple[str, ...] = POOLING_VIEWS if "pooling" in card.kinds else ENCODER_VIEWS
    if "cross" in card.kinds:
        views = TRANSLATION_VIEWS
    elif card.writes == "continuation":
        views = CONTINUATION_VIEWS
    more = ("cases",) * bool(cases.read(card.details.get("cases")))
    more += ("corpus",) * (shipped.MODELS / card.name / "corpus" / "corpus.json").exists()
    more += ("learning",) * (shipped.MODELS / card.name / "learning.npz").exists()
    return (*views[:-2], *more, *views[-2:])


#: Each shipped model with the views it fits.
FITTING = {card.name: _fitting(card) for card in models()}

# Every AppTest reads the metadata of all installed packages for components of theirs, which takes longer than the page.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)

_give_up = local_script_runner.require_widgets_deltas


def _wait(runner: local_script_runner.LocalScriptRunner, timeout: float = 3) -> None:
    """Until a run has ended. AppTest looks a thousand times a second whether it has, and takes the time of the run."""
    assert runner._script_thread is not None, "it was started"
    runner._script_thread.join(timeout)
    if not runner.script_stopped():
        _give_up(runner, 0)


local_script_runner.require_widgets_deltas = _wait

# Nothing is loaded behind these pages: it would take the time of the tests, and meet what one of them has replaced.
warmup.keep_keras_session()
warmup.progress.finish()
warmup._started = True

_stamps = itertools.count(1)


class Page:
    """One visitor's page.

    Args:
        **address: What stands behind the `?` when the page is opened.
    """

    def __init__(self, **address: str) -> None:
        self.app = AppTest.from_file(str(MAIN), default_timeout=120)
        for name, value in address.items():
            self.app.query_params[name] = value
        self.run()

    def run(self) -> Page:
        """Run the script once; an exception in it fails the test."""
        self.app.run()
        assert not self.app.exception, [each.message for each in self.app.exception]
        return self

    def enter(self, text: str, kind: str = "apply", follow: bool = True) -> Page:
        """What the sentence box sends: `kind` is apply, live or follow."""
        entry = {"text": text, "kind": kind, "follow": follow, "stamp": float(next(_stamps))}
        self.app.session_state["box"] = {"entry": entry}
        return self.run()

    def compose(self, code: str) -> Page:
        """What the editor of scenes sends: the text with the selected scene changed."""
        entry = {"text": code, "kind": "apply", "follow": True, "stamp": float(next(_stamps))}
        self.app.session_state["scene"] = {"entry": entry}
        # Without a browser there is no callback: the run after shows what this one took over.
        return self.run().run()

    def choose(self, key: str, value: Any) -> Page:
        """Set a widget by its key."""
        self.app.session_state[key] = value
        return self.run()

    def state(self, key: str) -> Any:
        """A value of the session: what a field is shown as, or what is held beside the fields."""
        if key in self.app.session_state:
            return self.app.session_state[key]
        return getattr(self.app.session_state["attnviz"], key)

    def address(self) -> dict[str, str]:
        """What the address bar is given."""
        parameters: dict[str, str] = self.component("address")["parameters"]
        return parameters

    def settings(self) -> dict[str, str]:
        """Every field as it is shown, written as an address would have it; the address itself leaves defaults out."""
        held = self.app.session_state["attnviz"]
        return {field.name: field.write(held.shown.values[field.name]) for field in held.facts.fields}

    def component(self, name: str) -> dict[str, Any]:
        """What the server sends to one of the page's own components."""
        protos = [each.proto for each in self.app.get("bidi_component")]
        found = next(proto for proto in protos if proto.component_name == f"attnviz_{name}")
        data: dict[str, Any] = json.loads(found.json)
        assert data.pop("serial") > 0
        return data

    def tokens(self) -> list[str]:
        """Tokens drawn on the stage, over all sentences."""
        return [token["text"] for row in self.rows() for token in row.get("tokens", ())]

    def rows(self) -> list[dict[str, Any]]:
        """The sentences drawn on the stage, or the one whose translation is drawn there."""
        names = {each.proto.component_name for each in self.app.get("bidi_component")}
        if "attnviz_stage" in names:
            rows: list[dict[str, Any]] = self.component("stage")["rows"]
            return rows
        if "attnviz_lit" in names and "attnviz_writing" not in names:
            picture = self.component("lit")
            return [{"tokens": [{"text": name} for name in picture["names"]], "alt": picture["alt"]}]
        translation = self.component("writing")
        return [{"tokens": translation["source"]["tokens"], "alt": translation["alt"]}]

    def views(self) -> list[str]:
        """Names of the views that are offered, of all verbs."""
        return [view["name"] for verb in self.component("rail")["verbs"] for view in (*verb["views"], *verb["more"])]

    def alternatives(self) -> list[str]:
        """Text alternatives of all charts."""
        return [
            each.proto.alt if by_plotly else json.loads(each.proto.json)["alt"] for each, by_plotly in self._charts()
        ]

    def figures(self) -> list[dict[str, Any]]:
        """Plotly's specifications of all charts, whoever draws them."""
        return [
            json.loads(each.proto.spec) if by_plotly else figures.FOUND[figures.named(json.loads(each.proto.json))]
            for each, by_plotly in self._charts()
        ]

    def drawn_by_plotly(self) -> int:
        """Charts that Plotly draws in the browser."""
        return len(self.app.get("plotly_chart"))

    def _charts(self) -> Iterator[tuple[Any, bool]]:
        for element in self.app.main:
            kind = getattr(element, "type", "")
            if kind == "plotly_chart":
                yield element, True
            elif kind == "bidi_component" and element.proto.component_name == "attnviz_chart":
                yield element, False

    def markdown(self) -> list[str]:
        """Everything on the page that Streamlit reads as Markdown."""
        return list(self._markdown())

    def _markdown(self) -> Iterator[str]:
        for element in self.app.main:
            proto = getattr(element, "proto", None)
            if getattr(element, "type", "") in ("code", "latex"):
                continue
            for name in ("body", "label", "help"):
                value = getattr(proto, name, None)
                if isinstance(value, str) and value:
                    yield value
            if proto is not None and getattr(element, "type", "") in ("radio", "button_group"):
                yield from (str(getattr(each, "content", each)) for each in proto.options)

    def markup(self) -> str:
        """What stands in the Markdown of the page without a backslash before it, so that it would be read."""
        return "\n".join(re.sub(r"\\.", "", each) for each in self.markdown())

    def messages(self) -> list[str]:
        """Warnings, errors, and the notices under the stage."""
        kinds = (self.app.warning, self.app.error, self.app.info, self.app.caption)
        return [str(each.value) for kind in kinds for each in kind]
