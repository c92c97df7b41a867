"""What axe-core finds, of any weight, in every view of some models, in a language and a theme.

    python -m tests.benchmarks.access [--models sentiment-en …] [--lang ja] [--theme dark] [--contrast] [--url http://localhost:8501]

The tests look at every view once (`tests/e2e/test_access.py`); this walks through those of each model, which takes
minutes.
"""

from __future__ import annotations

import argparse
from urllib.parse import urlencode

from tests.benchmarks.stage import MODELS, choose, served, views_of
from tests.e2e.axe import AXE, found
from tests.e2e.browser import open_browser
from tests.e2e.helpers import COUNT_RUNS, PATIENCE, wait_for_run


def main() -> None:
    """Walk and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--lang", default="en")
    parser.add_argument("--theme", default="light", choices=("light", "dark"))
    parser.add_argument("--contrast", action="store_true", help="with strong contrast")
    parser.add_argument("--url", help="of a server that runs already")
    asked = parser.parse_args()
    with served(asked.url) as url, open_browser() as browser:
        for model in asked.models:
            page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=asked.theme)
            page.add_init_script(COUNT_RUNS)
            shown = {"model": model, "speed": 0, "lang": asked.lang, "contrast": int(asked.contrast)}
            page.goto(f"{url}/?{urlencode(shown)}")
            page.locator("[data-attnviz-trace]").first.wait_for(timeout=2 * PATIENCE, state="attached")
            wait_for_run(page)
            page.evaluate(AXE)
            for view in views_of(page):
                choose(page, view)
                page.wait_for_timeout(500)
                faults = found(page, "body", ("minor", "moderate", "serious", "critical"))
                print(model, view, *(faults or ["nothing"]), sep="\n    ", flush=True)
            page.close()


if __name__ == "__main__":
    main()
