"""attnviz: see attention at work.

>>> import attnviz
>>> "topics-en" in [card.name for card in attnviz.models()]
True
>>> model = attnviz.load("topics-en")  # a name, or the path of a model folder
>>> trace = model.trace("book a table for two")
>>> block = trace.block("pooling")
>>> block.key.tokens
('book', 'a', 'table', 'for', 'two')
>>> block.weights.shape  # [layer, head, query, key]
(1, 1, 1, 5)
>>> float(block.weights.sum().round(6))
1.0
>>> attnviz.figures.heatmap(trace).data[0].type  # a Plotly figure
'heatmap'

Importing this package imports neither TensorFlow nor Plotly; they come when they are first needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from attnviz.errors import AttnvizError, DataError, ExtraError, InputError, ModelError
from attnviz.version import __version__

if TYPE_CHECKING:
    from attnviz import analysis, corpus, export, figures
    from attnviz.export.reopened import read_json
    from attnviz.families.card import ModelCard
    from attnviz.families.own.wrapped import wrap
    from attnviz.families.writing.decoding import Sampling
    from attnviz.notebook import show
    from attnviz.scenes import Collage, Scene
    from attnviz.trace import AttentionBlock, AttentionTrace, RegionAxis
    from attnviz.trace.given import from_arrays
    from attnviz.zoo import load, models

#: Where each public name lives; looked up when it is first used.
_HOMES = {
    "models": "attnviz.zoo",
    "load": "attnviz.zoo",
    "wrap": "attnviz.families.own.wrapped",
    "from_arrays": "attnviz.trace.given",
    "read_json": "attnviz.export.reopened",
    "show": "attnviz.notebook",
    "ModelCard": "attnviz.families.card",
    "Sampling": "attnviz.families.writing.decoding",
    "Scene": "attnviz.scenes",
    "Collage": "attnviz.scenes",
    "AttentionTrace": "attnviz.trace",
    "AttentionBlock": "attnviz.trace",
    "RegionAxis": "attnviz.trace",
    "analysis": None,
    "corpus": None,
    "export": None,
    "figures": None,
}

__all__ = [
    "AttentionBlock",
    "AttentionTrace",
    "AttnvizError",
    "Collage",
    "DataError",
    "ExtraError",
    "InputError",
    "ModelCard",
    "ModelError",
    "RegionAxis",
    "Sampling",
    "Scene",
    "__version__",
    "analysis",
    "corpus",
    "export",
    "figures",
    "from_arrays",
    "load",
    "models",
    "read_json",
    "show",
    "wrap",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    if name == "wrap":  # Keras is asked before it is imported: on another backend that fails in words that do not help
        importlib.import_module("attnviz.families").import_backend()
    value: Any
    value = (
        importlib.import_module(f"{__name__}.{name}") if home is None else getattr(importlib.import_module(home), name)
    )
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
