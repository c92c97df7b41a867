"""The configuration of a stranger's Keras model: which classes it may name, and how large what it builds may be."""

from __future__ import annotations

import importlib
import json
import math
import re
import threading
from collections.abc import Iterator
from typing import Any

import keras
from keras.src.backend.common import global_state

from attnviz.errors import ModelError

#: Bytes of `config.json`, levels of it, the largest whole number in it, and elements of one intermediate result.
MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 100
MAX_NUMBER = 10**8

#: Positions a model may make of one token: what attention takes grows with their square.
MAX_STRETCH = 16

#: Whole numbers that are no size.
_NOT_SIZES = frozenset({"seed", "shared_object_id", "date_saved"})

#: Where classes of Keras may come from, and what they must be.
_KERAS: dict[str, tuple[type, ...]] = {
    "keras": (keras.Sequential, keras.dtype_policies.DTypePolicy, keras.layers.Layer),
    "keras.models": (keras.Sequential,),
    "keras.layers": (keras.layers.Layer,),
    "keras.initializers": (keras.initializers.Initializer,),
    "keras.regularizers": (keras.regularizers.Regularizer,),
    "keras.constraints": (keras.constraints.Constraint,),
    "keras.dtype_policies": (keras.dtype_policies.DTypePolicy, keras.dtype_policies.DTypePolicyMap),
}

#: Layers that carry code, hand the work to another framework, or read files.
_RUNS_CODE = frozenset({"Lambda", "TorchModuleWrapper", "FlaxLayer", "JaxLayer", "TFSMLayer"})
_READS_FILES = frozenset({"StringLookup", "IntegerLookup", "TextVectorization"})

#: What Keras writes for values that are no objects of its own.
_VALUES = frozenset({"__keras_tensor__", "__ellipsis__", "__slice__"})
_ARRAYS = frozenset({"__tensor__", "__numpy__"})
_DTYPES = re.compile(r"bool|u?int(8|16|32|64)|b?float(16|32|64)")

_OPERATION = re.compile(r"keras\.src\.ops\.[a-z_]+")
_TAKES_FUNCTIONS = re.compile(r"Map|.*Scan|Cond|Switch|WhileLoop|ForiLoop|VectorizedMap|CustomGradient")

#: Seeds and the like that Keras makes anew rather than storing them.
_SLACK = 4096


def read(content: bytes, folder: str, file: str) -> dict[str, Any]:
    """A configuration that names nothing but known parts, without what would compile it.

    Args:
        content: `config.json`.
        folder, file: What to call it in a message.

    Raises:
        ModelError: `config_size`, `config_code`, `config_class`; `file_unreadable`; `hub_missing` where the parts are
            KerasHub's and it is not installed.
    """
    where = {"folder": folder, "file": f"{file}/config.json"}
    if len(content) > MAX_BYTES:
        raise ModelError("config_size", **where, received=len(content), expected=MAX_BYTES)
    try:
        config = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError("file_unreadable", **where, cause=type(error).__name__) from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise ModelError("file_unreadable", **where, cause="class_name")
    _check(config, "", 0, where)
    return config


def _check(value: Any, key: str, depth: int, where: dict[str, str]) -> None:
    if depth > MAX_DEPTH:
        raise ModelError("config_size", **where, received=depth, expected=MAX_DEPTH)
    if isinstance(value, int) and value > MAX_NUMBER and key not in _NOT_SIZES:
        raise ModelError("config_size", **where, received=f"{key} = {value}"[:80], expected=MAX_NUMBER)
    if isinstance(value, dict):
        if value.keys() & {"class_name", "module", "registered_name", "spec_name"}:
            value.pop("compile_config", None)
            _check_object(value, where)
        for name, each in value.items():
            _check(each, name, depth + 1, where)
    elif isinstance(value, list):
        for each in value:
            _check(each, key, depth + 1, where)


def _check_object(value: dict[str, Any], where: dict[str, str]) -> None:
    name, module, registered = (value.get(part) for part in ("class_name", "module", "registered_name"))
    shown = str(registered or name) if module is None else f"{module}.{name}"
    if not isinstance(name, str) or "config" not in value:
        raise ModelError("config_class", **where, received=shown[:120])
    if name in _VALUES:
        return
    if name in _ARRAYS:
        kind = value["config"].get("dtype") if isinstance(value["config"], dict) else None
        if isinstance(kind, str) and _DTYPES.fullmatch(kind):
            return
    if name in _RUNS_CODE | _READS_FILES or name.startswith("__"):
        raise ModelError("config_code", **where, received=name[:120])
    if name == "function":
        function = value["config"]
        known = isinstance(function, str) and callable(getattr(keras.activations, function, None))
        if not known or module not in ("builtins", "keras.activations") or registered not in (None, function):
            raise ModelError("config_code", **where, received=f"{module}.{function}"[:120])
        return
    if not _known(str(module), name, registered, where):
        raise ModelError("config_class", **where, received=shown[:120])


def _known(module: str, name: str, registered: Any, where: dict[str, str]) -> bool:
    """Whether a class is one of Keras, of KerasHub or of attnviz, and one that may stand in a model."""
    if isinstance(registered, str) and registered.startswith("attnviz>"):
        for home in ("attnviz.layers", "attnviz.families.classifier.encoder"):
            importlib.import_module(home)
        return _registered(registered, name, "attnviz.")
    if isinstance(registered, str) and registered.startswith("keras_hub>"):
        try:
            hub = importlib.import_module("keras_hub")
        except ImportError as error:
            raise ModelError("hub_missing", cause=str(error)) from error
        found = keras.saving.get_registered_object(registered)
        if isinstance(found, type) and issubclass(found, keras.Model) and not issubclass(found, hub.models.Backbone):
            return False
        return _registered(registered, name, "keras_hub.src.") and not re.search(
            "tokeniz|preprocess|converter|sampler", f"{found.__module__}.{name}", re.I
        )
    if registered not in (None, name) or keras.saving.get_registered_object(name) is not None:
        return False
    if module == "keras.src.models.functional":
        return name == "Functional"
    if _OPERATION.fullmatch(module):
        try:
            found = vars(importlib.import_module(module)).get(name)
        except ImportError:  # of another Keras, or of none
            return False
        return isinstance(found, type) and issubclass(found, keras.Operation) and not _TAKES_FUNCTIONS.fullmatch(name)
    found = getattr(importlib.import_module(module), name, None) if module in _KERAS else None
    return isinstance(found, type) and issubclass(found, _KERAS[module])


def _registered(registered: str, name: str, home: str) -> bool:
    found = keras.saving.get_registered_object(registered)
    layer = isinstance(found, type) and issubclass(found, keras.layers.Layer)
    return layer and found.__name__ == name and found.__module__.startswith(home)


class _Budget(list[Any]):
    """Keras' list of variables that wait to be filled: refuses the one that is too much, before it takes memory."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit, self.total = limit, 0

    def append(self, variable: Any) -> None:
        self.total += math.prod(variable.shape)
        if self.total > self.limit:
            raise MemoryError("more variables than stored")
        super().append(variable)


def check_size(config: dict[str, Any], stored: int, folder: str, file: str) -> None:
    """Build the model without its variables, to see how large they would be.

    Args:
        config: From `read`.
        stored: How many numbers the weights file holds.
        folder, file: What to call it in a message.

    Raises:
        ModelError: `config_weights`: the model would have more weights than are stored; `config_size`: one of its
            results would be too large; `config_build`: it cannot be built.
    """
    where = {"folder": folder, "file": f"{file}/config.json"}
    budget = _Budget(stored + _SLACK)
    outcome: dict[str, Any] = {}

    def build() -> None:  # in a thread of its own, as Keras keeps such state by thread
        try:
            global_state.set_global_attribute("uninitialized_variables", budget)
            with keras.StatelessScope(initialize_variables=False):
                model = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)), safe_mode=True)
                outcome["largest"] = max(_sizes(model), default=0)
                outcome["stretch"] = _stretch(model)
        except Exception as error:  # whatever a layer says of settings it cannot be built with
            outcome["error"] = error

    thread = threading.Thread(target=build, name="attnviz-blueprint")
    thread.start()
    thread.join()
    if budget.total > budget.limit:
        raise ModelError("config_weights", **where, received=budget.total, expected=stored)
    if "error" in outcome:
        said = str(outcome["error"]).rpartition("Exception encountered:")[2]  # before it Keras puts the whole config
        cause = f"{type(outcome['error']).__name__}: {said}"
        raise ModelError("config_build", **where, cause=" ".join(cause.split())[:300])
    if outcome["largest"] > MAX_NUMBER:
        raise ModelError("config_size", **where, received=outcome["largest"], expected=MAX_NUMBER)
    if outcome["stretch"] > MAX_STRETCH:
        received = f"{outcome['stretch']} positions for a token"
        raise ModelError("config_size", **where, received=received, expected=MAX_STRETCH)


def _stretch(model: Any) -> int:
    """How many positions a model makes of one token at most, as far as its results say; 0 where that is not to be told.

    The model is called for a few tokens, which runs nothing: what had no length before has one then.
    """
    tokens = 3  # as many as it is tried with once it is built
    inputs = getattr(model, "inputs", None) or []
    if len(inputs) != 1 or tuple(inputs[0].shape) != (None, None):
        return 0
    before = {id(node) for node in _nodes(model)}
    try:
        given = keras.Input(batch_shape=(1, tokens), dtype=inputs[0].dtype)
        keras.models.clone_model(model, given, clone_function=lambda layer: layer)
    except Exception:  # whatever a layer says of so few: a text of another length may do
        return 0
    shapes = [tensor.shape for node in _nodes(model) if id(node) not in before for tensor in node.output_tensors]
    longest = max((size for shape in shapes for size in shape[1:-1] if size), default=0)
    return int(longest) // tokens


def _nodes(model: Any) -> list[Any]:
    """Every call of every part of a model."""
    layers = model._flatten_layers(include_self=True)
    parts = {id(each): each for layer in layers for each in (layer, *getattr(layer, "operations", ()))}
    return [node for part in parts.values() for node in getattr(part, "_inbound_nodes", ())]


def _sizes(model: Any) -> Iterator[int]:
    """Elements of every result of a model, the unknown lengths counted as one."""
    for layer in model._flatten_layers(include_self=True):
        for operation in (layer, *getattr(layer, "operations", ())):
            for node in getattr(operation, "_inbound_nodes", ()):
                for tensor in node.output_tensors:
                    yield math.prod(size for size in tensor.shape if size)
