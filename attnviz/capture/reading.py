"""From what one tracing met to the attention in it: what counts as attention, and what its axes are."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from attnviz.capture.along import BACKWARDS, Along, along
from attnviz.capture.flow import Axis, Flow
from attnviz.capture.flow.operations import ELEMENTWISE
from attnviz.capture.layout import Layout
from attnviz.capture.linear import linear
from attnviz.capture.masks import lowering, lowers_cells, terms
from attnviz.capture.parts import joined
from attnviz.capture.products import MATRICES
from attnviz.capture.recorder import Recorder, Tapped
from attnviz.capture.roles import Roles, roles
from attnviz.capture.roots import MOVED, behind
from attnviz.capture.sampled import sampled
from attnviz.capture.sides import mapped_along
from attnviz.capture.sites import ATTENTION, Site
from attnviz.capture.uses import computed, multiplied, only_handed_on, onward, projections, recalls, used
from attnviz.capture.weighing import KEPT, weighed
from attnviz.errors import InputError

#: What an engineer may call an axis.
AXES = ("batch", "head", "query", "key")


@dataclass(frozen=True)
class Read:
    """What was found in a graph.

    Attributes:
        sites: The attention, in order of first call.
        rows: The number of each among everything met.
        masks: Which of Keras' masks say something of which sequence.
        no_shares: Operations that weigh tokens by numbers which nothing makes sum to one.
        linear: Operations of linear attention, which has no weights for each query and key.
        changed: Names of sites whose weights the model changes before it weighs with them.
        parts: Names of sites that weigh a part of the keys of an attention.
        sampled: Paths of layers of deformable attention, whose keys are no tokens.
    """

    sites: tuple[Site, ...]
    rows: tuple[int, ...]
    masks: list[tuple[int, Along]]
    no_shares: tuple[tf.Operation, ...]
    linear: tuple[tf.Operation, ...]
    changed: tuple[str, ...]
    parts: tuple[str, ...]
    sampled: tuple[str, ...]


def read_sites(
    graph: Any,
    recorder: Recorder,
    inputs: Sequence[tf.Tensor],
    answers: Sequence[tf.Tensor],
    given: Mapping[str, Sequence[str]],
) -> Read:
    """The attention among what was met.

    Args:
        graph: Of the traced function.
        recorder: What was met.
        inputs: The model's, in flattened order.
        answers: What the model gives out.
        given: By name of a site, or of its layer, what its axes are.

    Raises:
        InputError: `axes_given`.
    """
    flow = Flow(graph, inputs, {id(each.weights): each.inner[1] for each in recorder.tapped if not each.steps})
    alive = used(answers, recorder.added)
    products = list(weighed(flow, graph, recorder.tapped))
    weighing = {id(each) for product in products for each in product.weights}
    changed: set[int] = set()
    rows: list[int] = []
    found: list[tuple[Tapped, Roles]] = []
    elsewhere: list[str] = []
    for row, each in _in_order(recorder.tapped):
        mapped = any(isinstance(step, tf.Tensor) for step in each.steps)  # the map was made anew, outside of its body
        goes_on = any(id(one.inner[1]) in alive for one in each.parts or (each,))
        if each.superseded or not (mapped or goes_on):
            continue
        said = given.get(each.path, given.get(each.layer.name))
        if said is None and sampled(flow, each):
            elsewhere.append(each.path)
            continue
        read = _roles(flow, each, None if said is None else axes_as_given(each, said))
        taken, mixed = projections(flow, each.inner[1], each.over, recorder.projected)
        if _is_attention(flow, each, read, answers, said is not None, taken and id(each) not in weighing):
            if mixed:
                changed.add(id(each))
            rows.append(row)
            found.append((each, read))
    found = [(each, replace(read, shared_out=_shared_out(flow, each, recorder.tapped))) for each, read in found]
    names = numbered([each.path for each, _ in found])
    for place, (name, (each, _)) in enumerate(zip(names, found, strict=True)):
        if name in given and name != each.path:
            found[place] = (each, _roles(flow, each, axes_as_given(each, given[name])))
    for name in given:
        if name not in {*names, *(each.path for each, _ in found), *(each.layer.name for each, _ in found)}:
            raise InputError("no_such_block", received=name[:80], expected=", ".join(names))
    sites = tuple(_site(flow, name, each, read) for name, (each, read) in zip(names, found, strict=True))
    shown = {id(each): name for name, (each, _) in zip(names, found, strict=True)}
    open_scores: list[tf.Operation] = []
    results: set[int] = set()
    for product in products:
        results.add(id(product.product.outputs[0]))
        if id(product.product.outputs[0]) not in alive:
            continue
        if not product.weights and id(product.product.outputs[0]) not in recorder.weighed:
            open_scores.append(product.operation)
        elif product.weights and not product.kept:
            changed.update(map(id, product.weights))
    scores = {id(each.inner[0]) for each in recorder.tapped}
    changed.update(id(each) for each, _ in found if id(each) not in weighing and _scored_again(each, scores))
    for each in recorder.tapped:
        way = onward(each.inner[1] if each.steps else each.weights, KEPT)
        results.update(id(reader.outputs[0]) for _, reader in way if reader is not None and reader.type in MATRICES)
    over_features = {id(tensor) for each in recorder.tapped for tensor in each.inner}
    summed = [each for each in linear(flow, graph, results, over_features) if alive.intersection(map(id, each.outputs))]
    names_changed = tuple(name for each, name in shown.items() if each in changed)
    partial = {id(each) for each in joined(products, [each for each in graph.get_operations() if each.type == "Log"])}
    parts = tuple(name for each, name in shown.items() if each in partial)
    masks, places = _masks(flow, recorder), tuple(dict.fromkeys(elsewhere))
    return Read(sites, tuple(rows), masks, tuple(open_scores), tuple(summed), names_changed, parts, places)


def _scored_again(tapped: Tapped, scores: Container[int]) -> bool:
    """Whether weights are nothing but the scores of others, which weigh in their place."""
    way = onward(tapped.inner[1] if tapped.steps else tapped.weights, KEPT | ELEMENTWISE - {"Softmax"})
    return any(id(tensor) in scores for tensor, _ in way)


def _shared_out(flow: Flow, tapped: Tapped, others: Sequence[Tapped]) -> bool:
    """Whether a softmax of the same scores goes over an axis without tokens, as over the slots of a router."""
    scores = behind(tapped.inner[0], MOVED)
    for other in others:
        if other is tapped or behind(other.inner[0], MOVED) is not scores:
            continue
        axes, own = (flow.of(each.inner[0]) for each in (other, tapped))
        over = [] if axes is None else [axes[axis] for axis in other.over]
        asked = {own[axis] for axis in tapped.over} if own is not None else set()
        if over and all(flow.role(axis) in ("feature", "weight") for axis in over) and not asked.intersection(over):
            return True
    return False


def _in_order(tapped: Sequence[Tapped]) -> list[tuple[int, Tapped]]:
    """What was met with its number, by first call: what was put together stands where its first part was."""
    places = {id(each): row for row, each in enumerate(tapped)}
    return sorted(enumerate(tapped), key=lambda each: places[id((each[1].parts or (each[1],))[0])])


def axes_as_given(tapped: Tapped, names: Sequence[str]) -> Layout:
    """The layout an engineer gives: what each axis of the scores counts, in the order of the tensor.

    Raises:
        InputError: `axes_given`: other names, another number of axes, or other keys than the softmax goes over.
    """
    shape = tapped.weights.shape.as_list()
    over = {axis + len(tapped.steps) for axis in tapped.over}
    fits = len(names) == len(shape) and all(name in AXES for name in names)
    if not fits or {axis for axis, name in enumerate(names) if name == "key"} != over:
        expected = ["key" if axis in over else "/".join(AXES[:3]) for axis in range(len(shape))]
        said = {"expected": ", ".join(expected), "received": ", ".join(names)[:80]}
        raise InputError("axes_given", block=tapped.path, count=len(shape), **said)
    by_name = {what: [axis for axis, name in enumerate(names) if name == what] for what in AXES}
    order = tuple(axis for what in AXES for axis in by_name[what])
    head, query, key = (len(by_name[what]) for what in AXES[1:])
    return Layout(order, head, query, key)


def _roles(flow: Flow, tapped: Tapped, given: Layout | None) -> Roles:
    steps: list[Axis] = []
    for each in tapped.steps:
        if isinstance(each, tf.Tensor):
            steps.append(mapped_along(flow, tapped.inner[0]) or (flow.of(each) or [()])[0])
        else:
            gone = [flow.root(axis) for axis in flow.stepped.get(id(each), [])]
            stepped = next((axis for axis in gone if flow.role(axis) == "sequence"), gone[0] if gone else ())
            steps.append(flow.permuted(stepped, BACKWARDS) if tapped.turned else stepped)
    shape = tapped.weights.shape.as_list()
    return roles(flow, tapped.inner[0], shape, tapped.over, steps, tapped.border, given)


def _is_attention(
    flow: Flow, tapped: Tapped, read: Roles, answers: Sequence[tf.Tensor], said: bool, no_tokens: bool
) -> bool:
    """Weights over tokens that the model goes on with; a softmax that is only answered with is a classifier's, unless
    it goes over an open length of tokens (a pointer); one that goes into a layer of units is what they are computed
    of."""
    if said or isinstance(tapped.layer, ATTENTION):
        return True
    weights = tapped.weights if not tapped.steps else tapped.inner[1]
    if tapped.chooses or tapped.how not in ("softmax", "masked"):  # any numbers may be divided by their sum
        if tapped.how == "two_axes" and not read.tokens:  # External Attention: a memory of the layer's own
            return recalls(flow, weights)
        return read.tokens and multiplied(flow, weights) and (tapped.chooses or computed(flow, tapped.inner[0]))
    if no_tokens and not multiplied(flow, weights):
        return False
    if not read.tokens and not recalls(flow, weights):
        return read.mixed and multiplied(flow, weights)
    keys = read.layout.order[len(read.layout.order) - read.layout.keys :]
    over_batch = read.key is not None and read.key.role == "batch"
    pointer = not over_batch and any(tapped.weights.shape[axis] is None for axis in keys)
    return pointer or not only_handed_on(weights, answers)


def _site(flow: Flow, name: str, tapped: Tapped, read: Roles) -> Site:
    hiding = terms(tapped.inner[0])
    return Site(
        name,
        tapped.layer,
        read,
        tuple(tapped.weights.shape.as_list()),
        tapped.weights.dtype.name,
        tapped.editable and not read.layout.folded,
        tapped.maskable and not read.layout.folded,
        not hiding or any(id(each) in flow.dependent for each in hiding),
        tapped.how,
        any(id(mask) in flow.dependent for mask, _ in lowering(tapped.inner[0])),
        lowers_cells(tapped.inner[0]),
    )


def _masks(flow: Flow, recorder: Recorder) -> list[tuple[int, Along]]:
    found = []
    for place, mask in enumerate(recorder.masks):
        axes = flow.of(mask)
        if axes is None or not axes[1] or id(mask) not in flow.dependent:
            continue
        of_each = flow.role(axes[0]) in (None, "batch", "opaque")  # else who may look at whom, not what a text lacks
        if of_each and axes[0] != axes[1]:
            found.append((place, along(flow, axes[1])))
    return found


def numbered(names: Sequence[str]) -> list[str]:
    """Names made unique: `a`, `b`, `a#2`."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return unique
