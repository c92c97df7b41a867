"""Numbers as they are written in pictures. A rounded number says so."""

from __future__ import annotations

from attnviz.i18n import Rounded

#: A blank within a number: no line ends there.
_WITHIN = "\u00a0"


def approx(value: float, digits: int = 3) -> str:
    """A number for reading, with ≈ in front if it was rounded.

    Args:
        value: Any finite number.
        digits: Digits after the point; smaller numbers get two significant ones.
    """
    text = f"{value:.{digits}f}" if value == 0 or abs(value) >= 10**-digits else f"{value:.1e}"
    return text if float(text) == value else Rounded.of(text)


def brief(value: float, digits: int = 3) -> str:
    """A weight from 0 to 1 beside its mark: as `approx`, but `<` in front of the least that the digits can say.

    >>> brief(0.25), brief(0.0004).split(), brief(0.0)
    ('0.250', ['<', '0.001'], '0.000')
    """
    least = 10.0**-digits
    return f"<{_WITHIN}{least:.{digits}f}" if 0 < value < least else approx(value, digits)


def percent(value: float) -> str:
    """A share of 0–1 as a percentage: `≈` if rounded, `<` or `>` where it would look like none or all."""
    share = 100 * value
    if 0 < share < 0.05:
        return f"<{_WITHIN}0.1{_WITHIN}%"
    if 99.95 <= share < 100:
        return f">{_WITHIN}99.9{_WITHIN}%"
    text = f"{share:.1f}"
    written = f"{text}{_WITHIN}%"
    return written if float(text) == share else Rounded.of(written)


def exact(value: float) -> str:
    """Nine significant digits: enough to get a float32 back."""
    return f"{value:.9g}"
