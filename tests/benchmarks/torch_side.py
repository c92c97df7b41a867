"""The other side of `forward` and `long_input`: PyTorch's eager attention, and BertViz, on the same weights.

Run by an interpreter of its own, which has torch, transformers and bertviz but not attnviz; one JSON object a line in
(`{"do": …, "ids": […], "tokens": […]}`), one a line out.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import torch
from transformers import AutoModel


def main(folder: str) -> None:
    """Answer until standard input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr
    model = AutoModel.from_pretrained(folder, attn_implementation="eager", add_pooling_layer=False).eval()
    for line in sys.stdin:
        request = json.loads(line)
        ids = torch.tensor([request["ids"]])
        start = time.perf_counter()
        with torch.inference_mode():
            attentions = model(ids, torch.ones_like(ids), output_attentions=True).attentions
        answer: dict[str, Any] = {"ms": (time.perf_counter() - start) * 1000}
        if request["do"] == "weights":
            answer["weights"] = torch.cat(attentions).tolist()
        elif request["do"] != "forward":
            answer |= _view(request["do"], attentions, request["tokens"])
        print(json.dumps(answer), file=answers, flush=True)


def _view(name: str, attentions: tuple[torch.Tensor, ...], tokens: list[str]) -> dict[str, Any]:
    """Seconds to make a BertViz view from weights that are there, and its size in bytes."""
    import bertviz

    start = time.perf_counter()
    page = getattr(bertviz, name)(attentions, tokens, html_action="return")
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "bytes": len(page.data.encode())}


if __name__ == "__main__":
    main(sys.argv[1])
