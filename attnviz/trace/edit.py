"""Weights changed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.trace.arrays import frozen

#: What an edit may say of a cell instead of a weight: the model's own, its mask lifted, the cell masked.
OWN, LIFTED, HIDDEN = float("nan"), float("inf"), float("-inf")


@dataclass(frozen=True, eq=False)
class Edit:
    """Weights changed by hand, put into the running model in place of its own.

    Attributes:
        block: Name of the block.
        weights: float `[query, key]`; the model goes on from these. NaN (`OWN`) leaves a weight to the model, inf
            (`LIFTED`) lifts a mask there, -inf (`HIDDEN`) masks: in a row with one of these the model's own weights
            follow from its scores under the changed mask.
        layer: Layer within the block.
        head: Head within the layer, or None for all heads.
        label: What was done, for the reader (a code of `analysis.surgery.operations`, or plain words).
        padding: Lift the mask of padding, too: positions that are cut from the block, where the model was given any.
    """

    block: str
    weights: NDArray[np.float32]
    layer: int = 0
    head: int | None = None
    label: str = ""
    padding: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", frozen(np.array(self.weights, dtype=np.float32)))

    def to_dict(self) -> dict[str, Any]:
        """What was changed, with the weights: null where the model's own stays, `lifted`, `hidden`."""
        return {
            "block": self.block,
            "layer": self.layer,
            "head": self.head,
            "label": self.label,
            "weights": _told(self.weights.tolist()),
            **({"padding": True} if self.padding else {}),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Edit:
        """What `to_dict` wrote."""
        head = data["head"]
        return cls(
            str(data["block"]),
            np.array(_meant(data["weights"]), np.float32),
            int(data["layer"]),
            None if head is None else int(head),
            str(data["label"]),
            bool(data.get("padding", False)),
        )


def _told(weight: Any) -> Any:
    """A cell of an edit as JSON knows it; lists of cells as they are nested."""
    if isinstance(weight, list):
        return [_told(each) for each in weight]
    if weight != weight:
        return None
    return {LIFTED: "lifted", HIDDEN: "hidden"}.get(weight, weight)


def _meant(told: Any) -> Any:
    """What `_told` said."""
    if isinstance(told, list):
        return [_meant(each) for each in told]
    return OWN if told is None else {"lifted": LIFTED, "hidden": HIDDEN}.get(told, told)
