"""One row of weights number by number: what the model offers of features, scores, softmax and weighted sum."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.explain import cell
from attnviz.analysis.focus import Focus
from attnviz.errors import AttnvizError
from attnviz.families.model import Explains, Model
from attnviz.figures.escape import shortened
from attnviz.figures.numbers import approx
from attnviz.i18n import translate
from attnviz.trace import AttentionTrace, Encoded, Steps, Written

#: Numbers of a vector that are printed, and of a vector for the whole sentence.
FEW, SOME = 3, 6


@dataclass(frozen=True, eq=False)
class Own:
    """The model's own row, with all its tokens.

    Attributes:
        trace: Before any edit.
        focus: The row.
        steps: The arrays behind it; None: the model tells none.
    """

    trace: AttentionTrace
    focus: Focus
    steps: Steps | None


def taken_apart(model: Model, encoded: Encoded, trace: AttentionTrace, chosen: Focus) -> Own:
    """The arrays behind one row of a trace, where the model tells them.

    Args:
        model: That made the trace.
        encoded: What it was made of.
        trace: Without edits.
        chosen: The row, by the model's own positions.
    """
    if not isinstance(model, Explains):
        return Own(trace, chosen, None)
    tokens = trace.output.tokens if isinstance(trace.output, Written) else None
    place = (chosen.block, chosen.layer, chosen.head, chosen.query)
    try:
        return Own(trace, chosen, model.explain(encoded, *place, tokens=tokens))
    except AttnvizError:  # of this row, or of this kind of layer, it tells none
        return Own(trace, chosen, None)


#: A column: its heading, its numbers `[key]`, and whether they add up to something.
_Column = tuple[str, NDArray[np.float64], bool]


def table(own: Own, most: int, language: str) -> str:
    """The row as HTML: the keys of most weight, all others in one line, and the sums.

    Args:
        own: With `steps`.
        most: Keys that have a line of their own.
        language: Of the words.
    """
    steps, keys = own.steps, own.focus.keys(own.trace).tokens
    assert steps is not None
    columns = _columns(own, steps, keys)
    places = sorted(np.argsort(-steps["weights"], kind="stable")[:most].tolist())
    others = [place for place in range(len(keys)) if place not in set(places)]

    def t(key: str, **values: object) -> str:
        return html.escape(translate(language, f"handout.{key}", **values))

    head = "".join(f"<th>{name}</th>" for name, _, _ in columns)
    lines = [f"<tr><th>{t('token')}</th>{head}</tr>"]
    for place in places:
        numbers = "".join(f"<td>{_number(values[place])}</td>" for _, values, _ in columns)
        lines.append(f"<tr><th>{html.escape(shortened(keys[place]))}</th>{numbers}</tr>")
    for name, chosen in ((t("others", count=len(others)), others), (t("sum"), range(len(keys)))):
        if len(chosen):
            sums = (_number(values[list(chosen)].sum()) if adds else "" for _, values, adds in columns)
            lines.append(f'<tr class="sum"><th>{name}</th>{"".join(f"<td>{each}</td>" for each in sums)}</tr>')
    return f'<table class="numbers">{"".join(lines)}</table>'


def _columns(own: Own, steps: Steps, keys: Sequence[str]) -> list[_Column]:
    weights = steps["weights"].astype(np.float64)
    if "query" in steps:
        rows = cell.row(steps, keys, own.focus.mask(own.trace))
        return [
            *_first("k", steps["key"]),
            ("q·k", rows["product"].to_numpy(np.float64), False),
            ("s", rows["score"].to_numpy(np.float64), False),
            *_softmax(rows["exponential"].to_numpy(np.float64), weights),
            *_parts("v", steps["value"], weights),
        ]
    given = steps["scores"].astype(np.float64)
    if steps.step("weights").formula != "weights":  # no softmax
        return [("s", given, False), ("a", weights, True)]
    scores = np.where(given > cell.MASKED_BELOW, given, -np.inf)
    softmax = _softmax(np.exp(scores - scores.max()), weights)
    if "features" not in steps:
        return [("s", scores, False), *softmax]
    return [
        *_first("x", steps["features"]),
        ("x·W", steps["content"].astype(np.float64), False),
        ("b", steps["bias"].astype(np.float64), False),
        ("s", scores, False),
        *softmax,
        *_parts("x", steps["features"], weights),
    ]


def _first(name: str, vectors: NDArray[np.float32]) -> list[_Column]:
    first = vectors[:, :FEW].astype(np.float64)
    return [(f"{name}<sub>{n + 1}</sub>", first[:, n], False) for n in range(first.shape[1])]


def _softmax(exponential: NDArray[np.float64], weights: NDArray[np.float64]) -> list[_Column]:
    return [("e<sup>s − max</sup>", exponential, True), ("a", weights, True)]


def _parts(name: str, vectors: NDArray[np.float32], weights: NDArray[np.float64]) -> list[_Column]:
    parts = vectors.astype(np.float64) * weights[:, None]
    return [(f"a·{name}<sub>{n + 1}</sub>", parts[:, n], True) for n in range(min(FEW, parts.shape[1]))]


def formulas(steps: Steps, language: str) -> str:
    """In one line, how each array follows from those before it."""
    names = [step.name for step in steps.items if step.name not in ("kernel", "bias", "output_kernel", "features")]
    told = [html.escape(translate(language, f"formulas.{steps.step(name).formula}")) for name in names]
    if "features" in steps:
        told.insert(0, html.escape(translate(language, "formulas.features")))
    return " &nbsp;·&nbsp; ".join(told)


def vectors(steps: Steps, language: str) -> str:
    """Vectors of the whole row, each with its first numbers and its length."""
    said = []
    for name, sign in (("query", "q"), ("kernel", "W"), ("context", "c"), ("hidden", "h"), ("output", "o")):
        if name in steps and not (name == "output" and "logits" in steps):
            values = steps[name]
            first = ", ".join(_number(float(value)) for value in values[:SOME])
            more = ", …" if len(values) > SOME else ""
            length = translate(language, "handout.numbers", count=len(values))
            said.append(f"<p><b>{sign}</b> = ({first}{more}) <small>{html.escape(length)}</small></p>")
    return "".join(said)


def classes(steps: Steps, names: Sequence[str], most: int) -> str:
    """From c to the classes, where the model tells it: logit, power and probability of the most probable."""
    if "logits" not in steps or len(names) != len(steps["logits"]):
        return ""
    logits = steps["logits"].astype(np.float64)
    powers = np.exp(logits - logits.max())
    lines = ["<tr><th></th><th>z</th><th>e<sup>z − max</sup></th><th>p</th></tr>"]
    for place in np.argsort(-logits, kind="stable")[:most].tolist():
        numbers = (logits[place], powers[place], float(steps["output"][place]))
        cells = "".join(f"<td>{_number(float(each))}</td>" for each in numbers)
        lines.append(f"<tr><th>{html.escape(shortened(names[place]))}</th>{cells}</tr>")
    return f'<table class="numbers">{"".join(lines)}</table>'


def _number(value: float) -> str:
    if not np.isfinite(value):
        return "−∞"
    return approx(float(value)).removeprefix("≈ ").replace("-", "−")
