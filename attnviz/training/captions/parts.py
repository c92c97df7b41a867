"""Which scenes are learned from, and which are set aside."""

from __future__ import annotations

from attnviz.training.captions.scenes import HELD_OUT, Part, held_out_pairs

_PAIRS = held_out_pairs()


def parts(count: int = 30_000) -> dict[str, Part]:
    """By name: `dev` and `test` are drawn like `train`, where several things of one kind, hard to learn, are oftener.
    In each of `pairs` two kinds meet that never met in training, `style` is drawn in a style of art that it never saw.

    Args:
        count: Scenes to learn from.
    """
    return {
        "train": Part(seed=1, count=count, pairs=_PAIRS, several=0.5),
        "dev": Part(seed=2, count=400, pairs=_PAIRS),
        "test": Part(seed=3, count=1000, pairs=_PAIRS),
        "pairs": Part(seed=4, count=500, pairs=_PAIRS, only=True),
        "style": Part(seed=6, count=500, styles=(HELD_OUT,), pairs=_PAIRS),
    }
