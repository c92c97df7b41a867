"""What all of the page's own components share, where only a browser can show it."""

from __future__ import annotations

from attnviz.drawings import joined
from tests.e2e.conftest import OpenPage


def test_an_older_draw_that_comes_late_is_dropped(open_page: OpenPage):
    page = open_page("/_stcore/health", wait=False)
    guard = joined.source(joined.SHARED / "newest.js")
    script = guard + "export default newest(({ data }) => { window.painted.push(data.words); });"

    painted = page.evaluate(
        """async (script) => {
            window.painted = [];
            const file = new Blob([script], { type: "text/javascript" });
            const { default: component } = await import(URL.createObjectURL(file));
            const [one, other] = [document.createElement("div"), document.createElement("div")];
            for (const [parentElement, serial, words] of [
                [one, 5, "first"], [one, 7, "newest"], [one, 6, "late"], [other, 6, "another"], [one, 7, "again"],
            ]) component({ data: { serial, words }, parentElement });
            return window.painted;
        }""",
        script,
    )

    assert painted == ["first", "newest", "another", "again"]
