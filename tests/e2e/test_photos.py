"""Photographs in the browser: laid out from the tray, taken back, one's own dropped in."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.conftest import PHOTOS, OpenPage
from tests.e2e.helpers import (
    PATIENCE,
    address_parameters,
    expect_no_exception,
    has_horizontal_scroll,
    wait_for_run,
    wait_until,
)
from tests.e2e.sentences import expect_address
from tests.families.writing.caption_folder import PHOTO_EXAMPLES

#: Wider than high, so that a square is cut out of its middle.
OWN = (61, 37)


def photograph() -> bytes:
    content = io.BytesIO()
    pixels = np.random.default_rng(3).integers(0, 256, (OWN[1], OWN[0], 3), np.uint8)
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def test_photographs_are_laid_out_and_one_s_own_is_dropped_in(open_page: OpenPage):
    page = open_page(f"/?model={PHOTOS}&lang=en&speed=0")
    canvas = page.locator(".photo .canvas")
    expect(canvas.locator("button img")).to_have_count(2, timeout=PATIENCE)
    expect_address(page, PHOTO_EXAMPLES[0])

    page.locator(".photo .layouts button[data-name=four]").click()
    expect(canvas.locator("button img")).to_have_count(4)
    wait_until(page, "() => (location.search.match(/%40/g) ?? []).length === 4")
    wait_for_run(page)
    page.locator(".photo .tray button[data-name=pineapple]").click()
    expect(canvas.locator("button").first).to_have_attribute("aria-label", "pineapples", timeout=PATIENCE)
    # Chance may have put pineapples elsewhere before.
    wait_until(page, "() => new URLSearchParams(location.search).get('text').startsWith('white;pineapple.')")
    wait_until(
        page,
        "(canvas) => [...canvas.querySelectorAll('img')].every((image) => image.complete && image.naturalWidth > 0)",
        canvas.element_handle(),
    )
    laid_out = address_parameters(page)["text"][0]
    wait_for_run(page)

    page.locator(".photo .file").set_input_files({"name": "own.png", "mimeType": "image/png", "buffer": photograph()})
    expect(canvas.locator("img")).to_have_count(1, timeout=PATIENCE)
    wait_until(page, "() => location.search.includes('sha256')")
    expect(page.locator(".writing .picture img")).to_be_visible(timeout=PATIENCE)
    page.locator(".photo .file").set_input_files({"name": "own.png", "mimeType": "image/png", "buffer": b"<svg/>"})
    expect(page.locator(".photo .error")).to_be_visible(timeout=PATIENCE)

    page.go_back()
    expect_address(page, laid_out)
    expect(canvas.locator("button img")).to_have_count(4, timeout=PATIENCE)
    page.set_viewport_size({"width": 390, "height": 844})
    fold, tray = page.locator(".photo .fold"), page.locator(".photo .tray")
    expect(tray).to_be_hidden()
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(tray).to_be_visible()
    assert not has_horizontal_scroll(page)
    expect_no_exception(page)
