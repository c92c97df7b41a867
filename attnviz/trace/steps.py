"""A computation taken apart into its arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import TraceError
from attnviz.trace.arrays import frozen


@dataclass(frozen=True, eq=False)
class Step:
    """One named array of a computation.

    Attributes:
        name: `features`, `query`, `key`, `value`, `scores`, `bias`, `mask`, `weights`, `context`, `hidden`, `output`, …
        values: The model's own numbers.
        axes: What each axis of `values` is: `key`, `feature`, `class`, …
        formula: Catalogue key `formulas.<formula>` of how it follows from the steps before.
    """

    name: str
    values: NDArray[np.float32]
    axes: tuple[str, ...]
    formula: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(np.array(self.values, dtype=np.float32)))
        if self.values.ndim != len(self.axes):
            raise TraceError("trace_shape", block=self.name, expected=str(self.axes), received=str(self.values.shape))


@dataclass(frozen=True, eq=False)
class Steps:
    """The named arrays of one computation, in order."""

    items: tuple[Step, ...]

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self.step(name).values

    def __contains__(self, name: object) -> bool:
        return any(item.name == name for item in self.items)

    def step(self, name: str) -> Step:
        """The step of that name.

        Raises:
            KeyError: There is none.
        """
        for item in self.items:
            if item.name == name:
                return item
        raise KeyError(name)
