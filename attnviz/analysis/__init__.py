"""What can be computed from a trace, and from a model's answers: plain NumPy and pandas.

Its functions are found here by name, each loaded when it is first used:

    from attnviz import analysis
    analysis.focus_on(trace)                         # the row of weights to look at
    analysis.read(trace, "hide", "words")            # the same trace without special tokens, in words
    analysis.heads_table(block)                      # what each head does, in figures
    analysis.rollout(weights)                        # attention followed through the layers
    analysis.perform(model, encoded, operations)     # surgery: weights changed, the model run again
    analysis.of_classifier(model, encoded, target)   # attention beside attribution
    analysis.compare_rows(first, row, second, other) # two rows side by side

`dir(attnviz.analysis)` lists them all; `PUBLIC` says where each lives. Nothing here imports TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import Any

#: Public name to its module below this one and its name there.
PUBLIC: dict[str, tuple[str, str]] = {
    # Which row, and other readings of a trace.
    "Focus": ("focus", "Focus"),
    "answering": ("focus", "answering"),
    "focus_on": ("focus", "focus"),
    "read": ("reading", "read"),
    "words": ("reading", "words"),
    "weights_table": ("tables", "weights"),
    # What is in the weights.
    "row_entropy": ("entropy", "entropy"),
    "row_clearness": ("clearness", "clearness"),
    "clearest_of": ("clearness", "clearest"),
    "jensen_shannon": ("divergence", "jensen_shannon"),
    "total_variation": ("divergence", "total_variation"),
    "softmax_at_temperature": ("softmax", "at_temperature"),
    # Heads.
    "heads_table": ("heads.roles", "heads"),
    "heads_similarity": ("heads.roles", "similarity"),
    "rollout": ("heads.rollout", "rollout"),
    "alignment_heads": ("heads.alignment", "alignment_heads"),
    "combined_heads": ("heads.alignment", "combined"),
    # Does it matter?
    "Measures": ("explain.measures", "Measures"),
    "measure": ("explain.measures", "measure"),
    "of_classifier": ("explain.measures", "of_classifier"),
    "of_mask": ("explain.measures", "of_mask"),
    "integrated_gradients": ("explain.attribution", "integrated_gradients"),
    "gradient_input": ("explain.attribution", "gradient_input"),
    "leave_one_out": ("explain.attribution", "removed"),
    "leave_one_unknown": ("explain.attribution", "replaced"),
    "agreement": ("explain.agreement", "agreement"),
    # Surgery.
    "Operation": ("surgery.codes", "Operation"),
    "parse_operations": ("surgery.codes", "parse_all"),
    "perform": ("surgery.operations", "perform"),
    "traced": ("surgery.operations", "traced"),
    "adversarial": ("surgery.adversarial", "adversarial"),
    # Side by side.
    "compare_rows": ("compare.comparisons", "rows"),
    "compare_written": ("compare.comparisons", "written"),
    "pairs": ("compare.counterparts", "pairs"),
}

__all__ = sorted(PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(PUBLIC)}")
    home, there = PUBLIC[name]
    value = getattr(importlib.import_module(f"{__name__}.{home}"), there)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "PUBLIC"]
