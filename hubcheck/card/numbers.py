"""How is a number written?

One way for each kind of number, so that the card, the terminal and the badge never disagree. Every
function is total: a value that is not finite is shown as a dash, never raised on.
"""

from __future__ import annotations

import math
from typing import Final

NOTHING: Final = "-"

FLOOR_LOG10: Final = -10.0
"""Prose stops here: beyond it, the assumptions are what may fail, not the arithmetic."""

_BYTE_UNITS: Final = ("kB", "MB", "GB", "TB", "PB")
_SCALES: Final = ((9, "billion"), (6, "million"))
_FINE_ABOVE: Final = 0.95
_FINE_BELOW: Final = 0.1
_EXACT_KEPT: Final = 0.9995
"""From here three digits would round to 1.000, which only equality may claim."""


def byte_count(n_bytes: int) -> str:
    """Return bytes with a decimal unit and three significant digits: ``12.4 MB``."""
    if n_bytes < 1000:  # noqa: PLR2004 - the step of decimal units
        return f"{n_bytes} B"
    scale = next(
        (i for i in range(1, len(_BYTE_UNITS)) if n_bytes < 999.5 * 1000**i), len(_BYTE_UNITS)
    )
    value = n_bytes / 1000**scale
    digits = 0 if value >= 99.95 else 1  # noqa: PLR2004 - three significant digits
    return f"{value:.{digits}f} {_BYTE_UNITS[scale - 1]}"


def duration(seconds: float) -> str:
    """Return a duration: ``0.8 s``, ``9 s``, ``2 min 5 s``."""
    if not math.isfinite(seconds) or seconds < 0:
        return NOTHING
    if seconds < 3:  # noqa: PLR2004 - below this a tenth matters
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def count(value: int) -> str:
    """Return a count with thousands separated: ``151,552``."""
    return f"{value:,}"


def hits(found: int, units: int) -> str:
    """Return hits of units: ``510 of 512``."""
    return f"{count(found)} of {count(units)}"


def kept(value: float) -> str:
    """Return a share of the base that is still there, two or three digits: ``0.997``, ``0.05``.

    Only exact equality prints as 1.
    """
    if not math.isfinite(value):
        return NOTHING
    if value == 1:
        return "1"
    if _EXACT_KEPT <= value < 1:
        return "over 0.999"
    # The third digit matters where little was lost and where little is left.
    fine = value >= _FINE_ABOVE or value < _FINE_BELOW
    text = f"{value:.3f}" if fine else f"{value:.2f}"
    text = text[:-1] if fine and text.endswith("0") else text
    return "0.00" if text == "-0.00" else text


def cosine(value: float) -> str:
    """Return a cosine or correlation with three digits and its sign where negative."""
    return f"{value + 0.0:.3f}" if math.isfinite(value) else NOTHING


def percent(share: float) -> str:
    """Return a share as per cent; what is not all never prints as 100 %."""
    if not math.isfinite(share):
        return NOTHING
    value = 100 * share
    if 99.95 <= value < 100:  # noqa: PLR2004 - would round to 100.0
        return "over 99.9 %"
    return f"{value:.0f} %" if value in {0, 100} else f"{value:.1f} %"


def parameters(value: int) -> str:
    """Return a number of parameters: ``106.9 B``, ``7.2 B``, ``350 M``."""
    for scale, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            shown = f"{value / scale:.1f}"
            return f"{shown.removesuffix('.0')} {unit}"
    return str(value)


def chance(log10_p: float) -> str:
    """Return a bound on a probability in words, rounded towards caution.

    ``below 1 in 10 billion`` is the smallest that is ever said; the full figure is in the report.
    """
    if not math.isfinite(log10_p):
        return "below 1 in 10 billion" if log10_p == -math.inf else NOTHING
    if log10_p <= FLOOR_LOG10:
        return "below 1 in 10 billion"
    odds = math.floor(10**-log10_p * (1 + 1e-9))
    if odds < 2:  # noqa: PLR2004 - one in one is no bound
        return "nothing beyond chance"
    step = 10 ** max(len(str(odds)) - 2, 0)
    odds -= odds % step
    for exponent, word in _SCALES:
        if odds >= 10**exponent:
            return f"at most 1 in {f'{odds / 10**exponent:.1f}'.removesuffix('.0')} {word}"
    return f"at most 1 in {count(odds)}"
