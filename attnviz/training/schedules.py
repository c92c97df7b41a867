"""How the learning rate goes: a rise from zero, then a fall back to zero, over the steps of a whole training."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def cosine(rate: float, steps: int, warm_up: float) -> keras.optimizers.schedules.LearningRateSchedule:
    """A straight rise, then half a cosine.

    Args:
        rate: The highest.
        steps: Of the training.
        warm_up: Share of them in which it rises.
    """
    if not warm_up:
        return keras.optimizers.schedules.CosineDecay(rate, steps)
    rise = steps * warm_up
    return keras.optimizers.schedules.CosineDecay(0.0, steps - rise, warmup_target=rate, warmup_steps=rise)


class Line(keras.optimizers.schedules.LearningRateSchedule):
    """A straight rise, then a straight fall; Keras has the fall (`PolynomialDecay`), but without a rise before it.

    Args:
        rate: The highest.
        steps: Of the training.
        warm_up: Share of them in which it rises.
    """

    def __init__(self, rate: float, steps: int, warm_up: float) -> None:
        super().__init__()
        self.rate, self.steps, self.warm_up = rate, steps, warm_up

    def __call__(self, step: Any) -> Any:
        step, rise = ops.cast(step, "float32"), self.steps * self.warm_up
        fall = ops.maximum(self.steps - step, 0) / (self.steps - rise)
        return self.rate * (ops.minimum(step / rise, fall) if rise else fall)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "steps": self.steps, "warm_up": self.warm_up}
