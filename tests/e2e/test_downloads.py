"""What is saved is what is shown: CSV, JSON, HTML, PNG, SVG and the clipboard."""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import attnviz
from tests.e2e.conftest import SCENES, OpenPage
from tests.e2e.helpers import PATIENCE, expect_no_exception, open_popover, wait_for_run, wait_until
from tests.e2e.sentences import expect_drawn

MODEL, TEXTS = "politeness-ja", ("明日、学校に行くよ。", "資料を拝見いたしました。")


@pytest.fixture
def page(visit: OpenPage) -> Page:
    """Two Japanese sentences and a chart of the first."""
    opened = visit(f"/?model={MODEL}&view=bars&lang=en&text={'%0A'.join(TEXTS)}")
    expect_drawn(opened, "\n".join(TEXTS))
    expect(opened.locator(".st-key-chart-bars .chart")).to_be_visible(timeout=PATIENCE)
    return opened


def saved(page: Page, button: Locator) -> bytes:
    """Press a button and read the file that comes.

    With a key: where the page above it has just been opened it may move between a pointer's press and its release.
    """
    with page.expect_download(timeout=PATIENCE) as coming:
        button.press("Enter")
    return Path(coming.value.path()).read_bytes()


def file_button(page: Page, kind: str) -> Locator:
    """A button that saves all weights."""
    open_popover(page, "export")
    return page.locator(f".st-key-download-{kind} button")


def tools(page: Page, target: str, name: str) -> Locator:
    """A button that saves a figure: beside it, or for the top of the stage behind the button of exports."""
    if target == "stage-box":
        open_popover(page, "export")
    return page.locator(f".st-key-tools-{target}").get_by_role("button", name=name, exact=True)


def test_csv_and_json_hold_the_models_own_weights(page: Page):
    traces = attnviz.load(MODEL).trace(list(TEXTS))
    rows = list(csv.DictReader(io.StringIO(saved(page, file_button(page, "csv")).decode("utf-8-sig"))))
    weights = [weight for trace in traces for weight in trace.block("pooling").weights.ravel()]
    assert [float(row["weight"]) for row in rows] == pytest.approx(weights, rel=1e-8)
    assert [row["sentence"] for row in rows] == [
        "1" if n < len(traces[0].block("pooling").key) else "2" for n in range(len(rows))
    ]

    found = json.loads(saved(page, file_button(page, "json")))
    assert found == json.loads(json.dumps([trace.to_dict() for trace in traces]))


def test_the_handout_has_the_chosen_row_and_the_address(page: Page):
    handout = saved(page, file_button(page, "handout")).decode()
    assert handout.count("<section>") == 2 and f"model={MODEL}" in handout
    assert "学校</bdi>" in handout and "拝見" not in handout.partition("?")[0]


@contextmanager
def without_a_network(page: Page, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """What the HTML button gives, opened from the disk by a browser that reaches nobody; it fails and asks nothing."""
    file = tmp_path / "saved.html"
    file.write_bytes(saved(page, file_button(page, "html")))
    context = browser.new_context(offline=True)
    asked: list[str] = []
    context.on("request", lambda each: asked.append(each.url))
    failed: list[str] = []
    context.on("weberror", lambda error: failed.append(str(error.error)))
    alone = context.new_page()
    alone.goto(file.as_uri())
    yield alone
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert failed == []
    context.close()


def test_html_holds_the_open_view(page: Page, browser: Browser, tmp_path: Path):
    with without_a_network(page, browser, tmp_path) as alone:
        expect(alone.locator(".chart .plane svg")).to_be_visible(timeout=PATIENCE)
        expect(alone.locator(".js-plotly-plot")).to_have_count(0)
        expect(alone.locator("p").first).to_have_text("\n".join(TEXTS))
        expect(alone.locator(".drawing .line")).to_have_count(2)
        expect(alone.locator(".drawing .line").first).to_contain_text("学校")


def test_html_plays_a_caption(visit: OpenPage, browser: Browser, tmp_path: Path):
    page = visit(f"/?model={SCENES}&view=written&lang=ja&text=meadow;dog@3,5;tree@9,6&speed=0")
    written = page.locator(".writing .target .token").all_inner_texts()
    assert len(written) > 1
    with without_a_network(page, browser, tmp_path) as alone:
        section = alone.locator(".writing")
        assert section.locator(".target .token").all_inner_texts() == written
        section.get_by_role("button", name="最初").click()
        expect(section).to_have_attribute("data-step", "0")
        dark = section.locator(".regions > *").evaluate_all("(all) => all.map((each) => each.style.cssText)")
        section.locator(".forward").click()
        expect(section).to_have_attribute("data-step", "1")
        assert section.locator(".regions > *").evaluate_all("(all) => all.map((each) => each.style.cssText)") != dark
    assert (tmp_path / "saved.html").stat().st_size < 1_000_000


@pytest.mark.parametrize(("target", "words"), [("stage-box", "".join(TEXTS)), ("chart-bars", "明日、学校に行くよ。")])
def test_svg_and_png_are_files_with_the_japanese_intact(page: Page, target: str, words: str):
    root = ET.fromstring(saved(page, tools(page, target, "SVG")))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    drawn = "".join("".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text"))
    traces = attnviz.load(MODEL).trace(list(TEXTS))
    wanted = [token for trace in traces for token in trace.block("pooling").key.tokens if token in words]
    assert [token for token in wanted if token not in drawn] == []

    picture = saved(page, tools(page, target, "PNG"))
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    size = struct.unpack(">II", picture[16:24])
    expected = [float(root.attrib[side]) * 3 for side in ("width", "height")]
    assert size == pytest.approx(expected, abs=3)
    assert _colours(page, picture) > 20


@pytest.mark.parametrize("target", ["stage-box", "chart-bars"])
def test_pdf_is_the_browsers_print_of_the_figure_alone(page: Page, browser: Browser, target: str):
    drawn = ET.fromstring(saved(page, tools(page, target, "SVG")))
    # A browser without a window has no dialogue: what it would print is taken instead.
    page.evaluate(
        """() => { window.printed = []; new MutationObserver(() => {
          const frame = document.querySelector("iframe.attnviz-print");
          const taken = () => window.printed.push(frame.contentDocument.documentElement.outerHTML);
          if (frame?.contentWindow) frame.contentWindow.print = taken;
        }).observe(document.body, { childList: true }); }"""
    )
    tools(page, target, "PDF").click()
    wait_until(page, "() => window.printed.length > 0")
    context = browser.new_context(offline=True)
    alone = context.new_page()
    alone.set_content(page.evaluate("window.printed[0]"))
    assert alone.title().startswith(f"attnviz-{MODEL}")
    assert "".join(alone.locator("text").all_text_contents()) == "".join(
        "".join(each.itertext()) for each in drawn.iter("{http://www.w3.org/2000/svg}text")
    )
    document = alone.pdf(prefer_css_page_size=True, print_background=True)
    (box,) = set(re.findall(rb"/MediaBox \[([^\]]+)\]", document))  # one page, of the figure's size, 72 to 96
    assert [float(each) for each in box.split()] == pytest.approx(
        [0, 0, *(float(drawn.attrib[side]) * 0.75 for side in ("width", "height"))], abs=1.5
    )
    assert document.count(b"/Type /Page\n") == 1
    context.close()


def _colours(page: Page, picture: bytes) -> int:
    """How many colours a PNG has, as a browser decodes it."""
    return int(
        page.evaluate(
            """async (bytes) => {
                const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
                const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
                canvas.drawImage(image, 0, 0);
                const pixels = new Uint32Array(canvas.getImageData(0, 0, image.width, image.height).data.buffer);
                return new Set(pixels).size;
            }""",
            list(picture),
        )
    )


@pytest.mark.parametrize("target", ["stage-box", "chart-bars"])
def test_a_figure_can_be_copied(page: Page, target: str):
    tools(page, target, "Copy figure").click()
    expect(page.locator(f".st-key-tools-{target}").get_by_role("status")).to_have_text("Copied.", timeout=PATIENCE)
    kinds = page.evaluate("navigator.clipboard.read().then((items) => items.flatMap((item) => item.types))")
    assert "image/png" in kinds


def test_the_numbers_open_and_are_saved(page: Page):
    page.locator(".st-key-numbers-bars summary").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible(timeout=PATIENCE)
    wait_for_run(page)
    rows = list(csv.DictReader(io.StringIO(saved(page, page.locator(".st-key-save-bars button")).decode("utf-8-sig"))))
    trace = attnviz.load(MODEL).trace(TEXTS[0])
    assert [row["token"] for row in rows] == list(trace.block("pooling").key.tokens)
    assert [float(row["weight"]) for row in rows] == pytest.approx(trace.block("pooling").weights.ravel(), rel=1e-8)
    open_popover(page, "export")
    expect(page.get_by_text("@software{attnviz")).to_be_visible()
    expect_no_exception(page)


def test_the_json_routes_answer(page: Page):
    models = page.request.get(page.url.split("?")[0] + "api/models").json()
    assert MODEL in [each["name"] for each in models["models"]]
    answer = page.request.post(page.url.split("?")[0] + "api/trace", data={"model": MODEL, "text": TEXTS[0]})
    assert answer.json() == json.loads(json.dumps(attnviz.load(MODEL).trace(TEXTS[0]).to_dict()))
    bad = page.request.get(page.url.split("?")[0] + "api/trace", params={"model": MODEL, "text": " "})
    assert (bad.status, bad.json()["error"]["code"]) == (400, "empty_text")
