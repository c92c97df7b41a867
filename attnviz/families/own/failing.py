"""What went wrong with a model of somebody else's, in words that help."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import keras

from attnviz.errors import AttnvizError, InputError, ModelError
from attnviz.families.common.keras_file import keras_version

#: What TensorFlow says of an id that an embedding has not.
_OUTSIDE = re.compile(r"indices\[[^\]]*\] = (-?\d+) is not in \[(-?\d+), (-?\d+)\)")

#: What Keras says of inputs that are not those a model declares.
_UNFIT = re.compile(r"Missing data for input|Invalid input shape|expects \d+ input|incompatible with the layer")


def check_model(model: Any) -> None:
    """See that this is a model that can be looked into.

    Raises:
        InputError: `wrap_model`.
        ModelError: `keras_2_model`, `other_backend`; of a path `keras_2_file`, `load_weights`: of weights alone.
    """
    running = keras.config.backend()
    if running != "tensorflow":
        raise ModelError("other_backend", received=running)
    if isinstance(model, keras.Model):
        return
    for kind in type(model).__mro__:
        if kind.__module__.startswith(("tf_keras.", "keras.engine.")):
            raise ModelError("keras_2_model", received=f"{kind.__module__.partition('.')[0]}.{type(model).__name__}")
    if isinstance(model, str | os.PathLike) and os.fspath(model).endswith(".weights.h5"):
        raise ModelError("load_weights", received=os.fspath(model)[-80:])
    version = keras_version(Path(model)) if isinstance(model, str | os.PathLike) and os.path.isfile(model) else ""
    if version.startswith(("1.", "2.")):
        raise ModelError("keras_2_file", file=os.path.basename(model), received=version)
    shown = repr(os.fspath(model))[:80] if isinstance(model, str | os.PathLike) else type(model).__name__
    raise InputError("wrap_model", received=shown)


def refused(name: str, error: Exception) -> AttnvizError:
    """TensorFlow's error about inputs a model cannot take, as ours."""
    found = _OUTSIDE.search(str(error))
    if found:
        return InputError("id_outside", model=name, received=found[1], expected=f"{found[2]}–{int(found[3]) - 1}")
    said = re.sub(r"\{\{[^}]*\}\}\s*|\[Op:.*|\[\[.*", "", str(error).partition("\n")[0])
    return InputError("run_failed", model=name, cause=" ".join(said.split())[:300])


def unfit(name: str, error: AttnvizError) -> AttnvizError | None:
    """An error for what could not be compiled because the inputs are not those the model declares; None otherwise."""
    reason = str(error.parameters.get("reason", ""))
    return InputError("run_failed", model=name, cause=reason) if _UNFIT.search(reason) else None
