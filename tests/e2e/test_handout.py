"""Handouts in a browser: two sheets of A4 on which nothing overlaps, is cut, or is read as markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import attnviz
from attnviz.analysis.focus import focus
from attnviz.export import handout
from attnviz.i18n import translate
from tests.e2e.browser import Guard

HOSTILE = "I <b>like</b> &amp; %{x} $y$ <img src=x onerror=alert(1)> "
#: 64 words in all, one of them longer than its room.
LONG = HOSTILE + " ".join(["supercalifragilisticexpialidociousverylongwordindeed", *["film music plot good bad"] * 7])
JAPANESE = "昨日、友達と一緒に図書館へ行って、三冊の本を借りました。それから、駅の前の店で紅茶を飲みました。"

#: Texts whose boxes lie over one another, or beyond their sheet or the box that cuts them, in pixels.
WRONG = """() => {
  const kinds = "text, td, th, bdi, p, li, h1, h2, figcaption", wrong = [];
  for (const sheet of document.querySelectorAll("section")) {
    const found = [], around = sheet.getBoundingClientRect();
    for (const leaf of sheet.querySelectorAll(kinds)) {
      if (leaf.querySelector(kinds) || !leaf.textContent.trim()) continue;
      const cut = leaf.closest(".fit, section").getBoundingClientRect();
      for (const box of leaf.getClientRects()) {
        const { left, top, right, bottom } = box, said = leaf.textContent.slice(0, 40);
        const inside = (place, more) => left >= place.left - more && right <= place.right + more
          && top >= place.top - more && bottom <= place.bottom + more;
        if (!inside(around, -15) || !inside(cut, 3)) wrong.push(`${said}: cut`);
        for (const [other, of] of found) {
          const shared = [Math.min(right, other.right) - Math.max(left, other.left),
            Math.min(bottom, other.bottom) - Math.max(top, other.top)];
          const sizes = [Math.min(right - left, other.right - other.left),
            Math.min(bottom - top, other.bottom - other.top)];
          // A line is higher than its letters: what counts is along it.
          const line = leaf.getAttribute("transform") ? 0 : 1;
          if (of !== leaf && shared[1 - line] > 2 && shared[line] > 0.4 * sizes[line])
            wrong.push(`${said}: on ${of.textContent.slice(0, 40)}`);
        }
        found.push([box, leaf]);
      }
    }
  }
  return wrong;
}"""


@pytest.mark.parametrize(
    ("name", "source", "language"),
    [
        ("sentiment-en", LONG, "ja"),
        ("sentiment-en-encoder", LONG, "en"),
        ("next-word-ja", JAPANESE, "ja"),
        ("caption-scenes", "meadow;dog@3,5;tree@9,6*1.5", "en"),
    ],
)
def test_two_sheets_hold_every_figure(browser: Browser, tmp_path: Path, name: str, source: str, language: str):
    model = attnviz.load(name)
    encoded = model.encode(source)
    trace = model.run(encoded)
    chosen = focus(trace, alignment=model.card.details.get("alignment"))
    own = handout.taken_apart(model, encoded, trace, chosen)
    address = f"http://hall:8501/?model={name}&text={'x' * (900 if name.startswith('next') else 20)}"
    file = tmp_path / "handout.html"
    file.write_bytes(handout.page(trace, model.card, own, chosen, address=address, language=language))
    guard = Guard("")
    context = browser.new_context()
    guard.watch(context)
    page = context.new_page()
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate(WRONG) == []
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert re.findall(rb"/Type /Pages.*?/Count (\d+)", printed, re.DOTALL) == [b"2"]
    assert re.search(rb"/MediaBox \[0 0 59[45][.\d]* 84[12]", printed), "A4"
    tokens = [] if model.card.takes == "scene" else list(trace.block(chosen.block).key.tokens)
    assert page.locator("bdi.token").all_text_contents() == tokens
    assert page.locator("img, b:has-text('like')").count() == 0
    headings = page.locator("h2").all_inner_texts()
    wanted = ["handout.answer", "views.bars", "handout.try", "views.steps" if name == "sentiment-en" else "views.cell"]
    assert {translate(language, key) for key in wanted} <= set(headings)
    assert (translate(language, "handout.map") in " ".join(headings)) is (name != "sentiment-en")
    context.close()
    assert guard.faults == []
