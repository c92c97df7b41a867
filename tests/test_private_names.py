"""Private names of other packages that attnviz leans on: what each is for, and a test that says when it goes.

An upgrade that takes one of them away fails here first, by name. Whoever needs a new one adds it to `LIST`.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

ROOT = Path(__file__).resolve().parent.parent

#: Modules that promise nothing.
_MODULE = r"(?:keras|keras_hub)\.src|tensorflow\.python|streamlit\.(?:runtime|web|elements|components)"


@dataclass(frozen=True)
class Private:
    """A name, and how to see that it is still what it was.

    Attributes:
        name: As the code writes it.
        rooms: Where it is used: the first name below `attnviz`.
        why: What for, and why no public name does.
        check: Fails when it is gone or means something else.
    """

    name: str
    rooms: tuple[str, ...]
    why: str
    check: Callable[[], object]


def functional() -> keras.Model:
    """A model of every kind of nesting, built: named inputs, a layer within a model within a model."""
    entry = keras.Input((3,), name="numbers")
    inner = keras.Sequential([keras.layers.Dense(5, name="innermost")], name="inner")
    model = keras.Model({"numbers": entry}, inner(entry), name="outer")
    model({"numbers": np.zeros((2, 3), np.float32)})
    return model


def attention() -> Any:
    layer = keras.layers.MultiHeadAttention(2, 5)
    layer(np.zeros((1, 3, 7), np.float32), np.zeros((1, 3, 7), np.float32))
    return layer


def hub_layer() -> Any:
    """A layer of a KerasHub encoder."""
    hub = pytest.importorskip("keras_hub")
    sizes = {"vocabulary_size": 11, "num_layers": 1, "num_heads": 1, "hidden_dim": 4, "intermediate_dim": 6}
    return hub.models.BertBackbone(**sizes, max_sequence_length=5).transformer_layers[0]


def takes(function: Callable[..., Any], *names: str) -> None:
    """Assert that a function has these parameters."""
    missing = set(names) - set(inspect.signature(function).parameters)
    assert not missing, f"{function.__qualname__} no longer takes {missing}"


def calls_by_name(function: Callable[..., Any], name: str) -> None:
    """Assert that a function looks a name up when it is called, so that another can stand there."""
    assert name in function.__code__.co_names, f"{function.__qualname__} no longer looks up {name}"


def flatten_layers() -> None:
    model = functional()
    names = [layer.name for layer in model._flatten_layers(include_self=False)]
    assert {"numbers", "inner", "innermost"} <= set(names)
    assert names.index("inner") < names.index("innermost")
    assert next(iter(model._flatten_layers())) is model


def inputs_struct() -> None:
    assert set(functional()._inputs_struct) == {"numbers"}


def functional_of_sequential() -> None:
    assert isinstance(functional().get_layer("inner")._functional, keras.Model)


def inbound_nodes() -> None:
    (node,) = functional().get_layer("inner")._inbound_nodes
    assert [tensor.shape for tensor in (*node.input_tensors, *node.output_tensors)] == [(None, 3), (None, 5)]


def losses() -> None:
    layer = keras.layers.Dense(3)
    layer.add_loss(keras.ops.ones(()))
    assert isinstance(layer._losses, list)
    assert len(layer._losses) == 1


def value_dense() -> None:
    assert attention()._value_dense.path.endswith("/value")


def output_dense() -> None:
    assert attention()._output_dense.kernel.shape == (2, 5, 7)


def use_gate() -> None:
    # One of the attention layers calls it `use_gate`, the other `_use_gate`.
    assert attention()._use_gate is False


def call_info_injected() -> None:
    class Raises(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            raise error

    for mark, same in ((False, False), (True, True)):
        error = ValueError("what was wrong")
        if mark:
            error._keras_call_info_injected = True  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match="what was wrong") as raised:
            Raises()(np.zeros((1, 2), np.float32))
        assert (raised.value is error) is same


def rnn() -> None:
    from keras.src import backend
    from keras.src.layers.rnn import rnn as layers

    takes(backend.rnn, "step_function", "inputs", "initial_states", "go_backwards", "mask", "constants", "unroll")
    takes(backend.rnn, "time_major", "return_all_outputs")
    assert layers.backend is backend
    calls_by_name(layers.RNN.inner_loop, "rnn")


def uninitialized_variables() -> None:
    from keras.src.backend.common import global_state, variables

    takes(global_state.set_global_attribute, "name", "value")
    assert "uninitialized_variables" in inspect.getsource(variables.register_uninitialized_variable)


def functional_module() -> None:
    assert type(functional()).__module__ == "keras.src.models.functional"


def operations_module() -> None:
    assert type(keras.KerasTensor((2,)) + 1).__name__ == "KerasTensor"
    from keras.src.ops import numpy as operations

    assert issubclass(operations.Add, keras.Operation)


def hub_module() -> None:
    assert type(hub_layer()).__module__.startswith("keras_hub.src.")


def hub_attribute(name: str, kind: str) -> Callable[[], None]:
    def check() -> None:
        found = getattr(hub_layer(), name)
        assert kind in {each.__name__ for each in type(found).__mro__}

    return check


def autograph() -> None:
    from tensorflow.python.autograph.core import ag_ctx
    from tensorflow.python.autograph.impl import api

    def sign(number: Any) -> Any:
        return 1 if number > 0 else -1

    converted = api.tf_convert(sign, ag_ctx.ControlStatusCtx(ag_ctx.Status.ENABLED))
    assert int(tf.function(converted, autograph=False)(tf.constant(-3))) == -1


def polymorphic_function() -> None:
    from tensorflow.python.eager.polymorphic_function import polymorphic_function as module

    def double(number: Any) -> Any:
        return 2 * number

    compiled = tf.function(double)
    assert type(compiled) is module.Function
    assert "__call__" in vars(module.Function)
    assert compiled._python_function is double
    assert compiled._autograph is True


def func_graph() -> None:
    with tf.__internal__.FuncGraph("trial").as_default():
        assert not hasattr(tf.zeros(2), "numpy")
        assert tf.compat.v1.get_default_graph().name == "trial"


def softmax() -> None:
    from tensorflow.python.ops import gen_nn_ops, nn_ops

    assert nn_ops.gen_nn_ops is gen_nn_ops
    takes(gen_nn_ops.softmax, "logits", "name")
    assert "gen_nn_ops.softmax" in inspect.getsource(nn_ops)


def normalised() -> None:
    from tensorflow.python.ops import gen_math_ops, math_ops

    source = inspect.getsource(math_ops)
    for name in ("real_div", "div_no_nan", "mul", "exp", "_pow"):
        assert f"gen_math_ops.{name}(" in source and callable(getattr(gen_math_ops, name))


def largest() -> None:
    from tensorflow.python.ops import array_ops, gen_array_ops

    takes(gen_array_ops.one_hot, "indices", "depth", "on_value", "off_value", "axis", "name")
    assert "gen_array_ops.one_hot(" in inspect.getsource(array_ops)


def loop() -> None:
    from tensorflow.python.ops import while_loop

    takes(while_loop.while_loop, "cond", "body", "loop_vars", "shape_invariants")
    assert "return while_loop(" in inspect.getsource(while_loop.while_loop_v2)
    with tf.__internal__.FuncGraph("outer").as_default() as graph:
        tf.while_loop(lambda i: i < 3, lambda i: i + 1, (tf.constant(0),))
    (made,) = (each for each in graph.get_operations() if each.type in ("While", "StatelessWhile"))
    assert len(made._body_graph.inputs) == len(made.inputs) and len(made._body_graph.outputs) == len(made.outputs)


def function_in_graph() -> None:
    with tf.__internal__.FuncGraph("outer").as_default() as graph:
        tf.function(lambda x: x + 1)(tf.constant(2.0))
    (made,) = (each for each in graph.get_operations() if "PartitionedCall" in each.type)
    assert len(graph._get_function(made.get_attr("f").name).graph.inputs) == len(made.inputs)


def allowed_methods() -> None:
    endpoint: Any = pytest.importorskip("starlette.endpoints").HTTPEndpoint
    reads = type("Reads", (endpoint,), {"get": lambda self: None})

    assert "GET" in reads({"type": "http"}, None, None)._allowed_methods


def clean_problem_modules() -> None:
    from streamlit.runtime.scriptrunner import script_runner

    assert not inspect.signature(script_runner._clean_problem_modules).parameters
    assert "_clean_problem_modules" in inspect.getsource(script_runner.ScriptRunner)


def unchecked() -> None:
    from plotly import graph_objects as go

    drawn = [{"type": "bar", "x": [1, 3], "marker": {"color": "#125ca4"}}], {"xaxis": {"title": {"text": "a"}}}
    assert go.Figure(*drawn, _validate=False).to_json() == go.Figure(*drawn).to_json()
    assert go.Figure([{"type": "bar", "no": 1}], _validate=False).data[0].to_plotly_json()["no"] == 1


def script_run_context() -> None:
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    assert get_script_run_ctx(suppress_warning=True) is None


LIST = (
    Private(
        "_flatten_layers",
        ("capture", "families"),
        "All layers however deep, in order. `layers` has the outermost only, and Keras' own walk is this one.",
        flatten_layers,
    ),
    Private(
        "_inputs_struct",
        ("capture",),
        "The structure of the inputs a functional model declares; `inputs` is flat.",
        inputs_struct,
    ),
    Private(
        "_functional",
        ("capture",),
        "The model a Sequential calls inside, which is no layer of the author's.",
        functional_of_sequential,
    ),
    Private("_inbound_nodes", ("families",), "What an operation was called with, symbolically.", inbound_nodes),
    Private("_losses", ("capture",), "Left as it was after a tracing; `losses` is a copy.", losses),
    Private("_value_dense", ("families",), "Observed for the norms of values.", value_dense),
    Private("_output_dense", ("families",), "Its kernel is W_O.", output_dense),
    Private("_use_gate", ("families",), "A gate multiplies the contexts: no norms of values then.", use_gate),
    Private(
        "_keras_call_info_injected",
        ("layers",),
        "Keeps Keras from raising a new error in the place of ours, without its code and parameters.",
        call_info_injected,
    ),
    Private(
        "keras.src.backend", ("capture",), "`rnn`, the one loop of Keras' recurrent layers; masks kept at tensors.", rnn
    ),
    Private(
        "keras.src.backend.common.global_state",
        ("families",),
        "Counts the variables of a model that is built without weights, before there is memory for them.",
        uninitialized_variables,
    ),
    Private("keras.src.models.functional", ("families",), "As archives name a functional model.", functional_module),
    Private("keras.src.ops", ("families",), "As archives name operations.", operations_module),
    Private("keras_hub.src", ("families",), "As KerasHub's classes name their module.", hub_module),
    *(
        Private(name, ("families",), "A Hugging Face folder's weights go here.", hub_attribute(name, kind))
        for name, kind in (
            ("_self_attention_layer", "MultiHeadAttention"),
            ("_self_attention_layer_norm", "LayerNormalization"),
            ("_feedforward_intermediate_dense", "Dense"),
            ("_feedforward_output_dense", "Dense"),
            ("_feedforward_layer_norm", "LayerNormalization"),
        )
    ),
    Private(
        "tensorflow.python.autograph.core.ag_ctx", ("capture",), "Converts a function with autograph on.", autograph
    ),
    Private("tensorflow.python.autograph.impl.api", ("capture",), "`tf_convert`, the same.", autograph),
    Private(
        "tensorflow.python.eager.polymorphic_function.polymorphic_function",
        ("capture",),
        "The class of compiled functions, whose call becomes part of the graph being traced.",
        polymorphic_function,
    ),
    Private("_python_function", ("capture",), "What was compiled.", polymorphic_function),
    Private("_autograph", ("capture",), "Whether it is to be converted.", polymorphic_function),
    Private("__internal__", ("capture",), "`FuncGraph`, a graph to try a loop's body in.", func_graph),
    Private(
        "tensorflow.python.ops.gen_nn_ops",
        ("capture",),
        "Its `softmax` is what every softmax reaches, whatever its public name.",
        softmax,
    ),
    Private(
        "tensorflow.python.ops.gen_math_ops",
        ("capture",),
        "Its divisions, products and exponentials are what a softmax written by hand ends in.",
        normalised,
    ),
    Private("tensorflow.python.ops.gen_array_ops", ("capture",), "`one_hot`, what hard attention ends in.", largest),
    Private("tensorflow.python.ops.while_loop", ("capture",), "`while_loop`, what every loop of a graph is.", loop),
    Private("_body_graph", ("capture",), "What a loop does in each step.", loop),
    Private("_get_function", ("capture",), "What a function in a graph does.", function_in_graph),
    Private("_allowed_methods", ("api",), "Starlette's answer to a wrong method, said in JSON.", allowed_methods),
    Private(
        "streamlit.runtime.scriptrunner.script_runner",
        ("ui",),
        "It clears the Keras session after every run.",
        clean_problem_modules,
    ),
    Private(
        "streamlit.runtime.scriptrunner.get_script_run_ctx",
        ("ui",),
        "Whose page runs: only who is at the machine may send files.",
        script_run_context,
    ),
    Private("_clean_problem_modules", ("ui",), "That clearing, replaced by nothing.", clean_problem_modules),
    Private(
        "_validate",
        ("figures",),
        "Plotly's checks, most of what a figure takes; `go.Figure` has no other way past them.",
        unchecked,
    ),
)


@pytest.mark.parametrize("private", LIST, ids=lambda private: private.name)
def test_it_is_still_what_it_was(private: Private):
    private.check()


def test_every_private_name_in_the_code_is_in_the_list():
    listed = {private.name: private.rooms for private in LIST}
    missing = {f"{path}:{line} {name}" for path, line, name in used() if room(path) not in listed.get(name, ())}

    assert missing == set()


def test_every_name_in_the_list_is_used():
    found = {(name, room(path)) for path, _, name in used()}

    assert {(private.name, each) for private in LIST for each in private.rooms} - found == set()


def test_the_search_finds_each_way_of_writing_one():
    code = """
from keras.src.layers import core
import tensorflow.python.util.nest
from streamlit.runtime import caching
model._hidden, self._own, getattr(model, "_asked"), f"{place}._deep", "keras.src.models.functional"
"""
    found = {name for _, name in names(ast.parse(code), {"_own"})}

    assert found == {
        *("keras.src.layers.core", "tensorflow.python.util.nest", "streamlit.runtime.caching"),
        *("_hidden", "_asked", "_deep", "keras.src.models.functional"),
    }


def room(path: Path) -> str:
    """The first name below `attnviz`."""
    return path.relative_to(ROOT / "attnviz").parts[0].removesuffix(".py")


@cache
def used() -> tuple[tuple[Path, int, str], ...]:
    """Every foreign private name in the code, with file and line."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "attnviz").rglob("*.py"))}
    own = {name for tree in trees.values() for name in defined(tree)}
    return tuple((path, line, name) for path, tree in trees.items() for line, name in names(tree, own))


def defined(tree: ast.Module) -> Iterator[str]:
    """Names the project itself gives to functions, classes, variables, and attributes of its own objects."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and own_object(node.value):
            yield node.attr


def own_object(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def names(tree: ast.Module, own: set[str]) -> Iterator[tuple[int, str]]:
    """Lines and foreign private names: attributes, modules, and both as strings."""
    prose = docstrings(tree)
    for node in ast.walk(tree):
        found: list[str] = []
        if isinstance(node, ast.Attribute) and re.match(r"_[a-z]|__internal__", node.attr):
            found = [node.attr]
        elif isinstance(node, ast.keyword) and node.arg and re.match(r"_[a-z]", node.arg):
            yield node.value.lineno, node.arg
        elif isinstance(node, ast.ImportFrom):
            found = [f"{node.module}.{each.name}" for each in node.names if re.match(_MODULE, node.module or "")]
        elif isinstance(node, ast.Import):
            found = [each.name for each in node.names if re.match(_MODULE, each.name)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            plain = node.value.replace("\\", "")
            found = re.findall(rf"^(?:{_MODULE})(?:\.[a-z_]+)*", plain) + re.findall(r"(?<=\.)_[a-z]\w+$", plain)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr"):
            texts = [each.value for each in node.args[1:2] if isinstance(each, ast.Constant)]
            found = [each for each in texts if isinstance(each, str) and each.startswith("_")]
        # `sys._getframe` is in every Python that TensorFlow runs on, and documented.
        yield from ((getattr(node, "lineno", 0), name) for name in found if name not in own | {"_getframe"})


def docstrings(tree: ast.Module) -> set[int]:
    """Expressions that are nothing but text."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
