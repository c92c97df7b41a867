"""Input of every kind that has ever broken a page."""

from __future__ import annotations

HARD = {
    "empty": "",
    "blanks": "  \t \u3000 ",
    "line breaks": "\n\r\n\n",
    "10,000 characters": "abcde fghi" * 1000,
    "10,000 characters in one word": "x" * 10_000,
    "5,000 words": "good " * 5000,
    "50 lines": "\n".join(f"sentence {n}" for n in range(50)),
    "emoji": "I 👩‍👩‍👧‍👦 ❤️‍🔥 it 🇯🇵 e\u0301\u0327\u0323",
    "right to left": "هذا فيلم جميل جداً \u200f(2024) שלום",
    "overrides": "good \u202edab\u202c \u2066x\u2069",
    "controls": "good\x00 film\x07\x1b[31m\x7f",
    "NUL": "\x00",
    "lone surrogates": "a \ud800 b \udfff",
    "only a lone surrogate": "\udc00",
    "lone surrogates in two lines": "a \ud800 b\nc \udc00 d",
    "NUL in two lines": "good\x00 film\nbad\x00 film",
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)> <b>bold</b> &lt;i&gt; &amp;",
    "markdown": "**bold** _it_ `code` [a](https://example.org) # head ~~gone~~ :smile: :red[red] :material/home:",
    "markdown in two lines": "**bold** [a](https://example.org) :red[red]\n$x^2$ <b>b</b> :smile:",
    "latex": r"$x^2$ $$\frac{a}{b}$$ \(a\) %{x} %{y:.2f}",
    "plotly": "<br>%{customdata[0]}<extra>x</extra> <a href='https://example.org'>x</a>",
    "unknown words": "zzgblurk qwxyzzy flibbertigibbetish",
    "punctuation": "!!! ... ??? --- ''' \"\"\" ,,, ;;;",
    "braces": "{text} {0} {} {{name}} %s %(a)s",
    "Japanese": "この映画はとても面白かったです。",
    "English": "this film was very good",
    "figures": "0 1 -1 1e309 ∞ NaN ½ ① Ⅳ",
}

#: What would be read as markup if it stood as it is in Markdown.
MARKUP = ("<script", "<img", "<b>", "<br>", "**bold**", "](https", ":red[", ":smile:", ":material/home:", "$x^2$", "$$")
