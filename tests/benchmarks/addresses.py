"""Every field of the address with rubbish in every view: the page opens, and nothing is taken for markup.

    python -m tests.benchmarks.addresses [--models sentiment-en …] [--alone]

One model of each kind is opened in each of its views, for each sort of rubbish with it in all other fields at once;
with `--alone` in each field alone, too, which takes an hour. What fails is printed with its address, and the command
ends with 1.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Sequence

from tests.app.facts import facts
from tests.app.hard import HARD, MARKUP
from tests.app.page import FITTING, Page

#: Besides what is hard to draw and can stand in an address: what looks like a value and is none.
RUBBISH = {
    **{name: text[:2000] for name, text in HARD.items() if "surrogate" not in name},
    "numbers": "99999999999999999999",
    "below nothing": "-2147483649",
    "a path": "../../etc/passwd",
    "a query": "1' OR '1'='1",
    "separators": "&;=?#%00%zz+",
}

#: What leads to the view that is tried. A text of one's own is rubbish in no field; some views do not fit it.
KEPT = ("lang", "model", "view", "text", "lecture", "own")


def addresses(models: Sequence[str], alone: bool) -> Iterator[dict[str, str]]:
    """Each as what stands behind the `?`."""
    fields = [field.name for field in facts().fields if field.name not in KEPT]
    for model in models:
        for place, view in enumerate(FITTING[model]):
            begun = {"lang": ("en", "ja")[place % 2], "model": model, "view": view}
            for rubbish in RUBBISH.values():
                yield {**dict.fromkeys(fields, rubbish), **begun}
                if alone:
                    yield from ({field: rubbish, **begun} for field in fields)


def of_each_kind() -> list[str]:
    """A model for each set of views."""
    return list({frozenset(views): name for name, views in reversed(FITTING.items())}.values())


def main(arguments: Sequence[str]) -> int:
    """Open them, and print what failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=of_each_kind(), choices=list(FITTING))
    parser.add_argument("--alone", action="store_true")
    asked = parser.parse_args(arguments)
    # It says at every page that there is no server.
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").disabled = True
    began, opened, failed = time.monotonic(), 0, 0
    for address in addresses(asked.models, asked.alone):
        opened += 1
        try:
            page = Page(**address)
            shown, markup = page.settings()["view"], page.markup()
            if shown != address["view"] or any(mark in markup for mark in MARKUP):
                raise AssertionError(f"the page shows {shown}: {markup[:200]}")
        except Exception as error:  # whatever it is, the next address is tried
            failed += 1
            print(f"{address}\n    {type(error).__name__}: {str(error)[:300]}", flush=True)
    print(f"{opened:,} addresses of {len(asked.models)} models, {failed} failed, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
