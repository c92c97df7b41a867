"""Colour scales: where between pale and full a weight is drawn. One place, so that pictures agree."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10
from typing import Literal

import numpy as np
from numpy.typing import NDArray

ScaleKey = Literal["unit", "row", "log"]
SCALES: tuple[ScaleKey, ...] = ("unit", "row", "log")

#: The logarithmic scale starts here; smaller weights share its lowest colour.
LOG_FLOOR = 1e-4


@dataclass(frozen=True)
class Tick:
    """A mark on the colour scale: `position` in 0–1 and the `label` beside it."""

    position: float
    label: str


def normalise(weights: NDArray[np.floating], scale: ScaleKey) -> NDArray[np.float64]:
    """Weights to places on the colour scale.

    Args:
        weights: `[..., key]`, in 0–1; NaN where there is no cell.
        scale: `unit` draws 0–1 as it is; `row` divides by the row's largest weight; `log` runs from 1e-4 to 1.

    Returns:
        float64 in 0–1 of the same shape, NaN where there is no cell.
    """
    values = np.asarray(weights, dtype=np.float64)
    if scale == "unit":
        unit: NDArray[np.float64] = np.clip(values, 0, 1)
        return unit
    if scale == "row":
        top = np.fmax.reduce(values, axis=-1, keepdims=True, initial=0)  # passes over NaN
        shares: NDArray[np.float64] = values / np.where(top > 0, top, 1)
        return shares
    if scale == "log":
        decades = -np.log10(LOG_FLOOR)
        places: NDArray[np.float64] = np.clip(np.log10(np.maximum(values, LOG_FLOOR)) / decades + 1, 0, 1)
        return places
    raise ValueError(f"Expected one of {', '.join(SCALES)}. Received: {scale}")


def round_ticks(top: float) -> tuple[Tick, ...]:
    """Marks at round numbers from 0, and one at the end, whose label is rounded (≈), for a scale from 0 to `top`."""
    step = next(s for s in (10.0 ** floor(log10(top / 4)) * f for f in (1, 2, 5, 10)) if s >= top / 4 * 0.999)
    inner = [n * step for n in range(4) if n * step < 0.93 * top]
    end = f"{top:.3g}"
    return (
        *(Tick(value / top, f"{value:g}") for value in inner),
        Tick(1.0, end if float(end) == top else f"≈ {end}"),
    )


def ticks(scale: ScaleKey) -> tuple[Tick, ...]:
    """The marks drawn beside a colour scale.

    The `row` scale is marked in shares of the largest weight of each sentence, the others in weights.
    """
    if scale == "log":
        powers = range(int(np.log10(LOG_FLOOR)), 1)
        decades = -np.log10(LOG_FLOOR)
        return tuple(
            Tick(float(power / decades + 1), ("≤ " if 10.0**power == LOG_FLOOR else "") + f"{10.0**power:g}")
            for power in powers
        )
    positions = (0, 0.25, 0.5, 0.75, 1)
    return tuple(Tick(place, f"{100 * place:g} %" if scale == "row" else f"{place:g}") for place in positions)
