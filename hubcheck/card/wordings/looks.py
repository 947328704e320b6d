"""What did a look leave aside, or could not do?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import PhraseCode as P

GIGA: Final = 10**9


def _refused(given: Given) -> str:
    side = given.text("side")
    whose = f" of the {side}" if side else ""
    return (
        f"{given.text('look')}: not looked at, {given.text('cause')}{whose}: {given.text('detail')}"
    )


def _as_read(given: Given) -> str:
    compared, total = (given.count(n) / GIGA for n in ("compared", "total"))
    return (
        f"the weight files are equal in every range read, {compared:.3f} of {total:.3f} GB; depth "
        "full compares them all"
    )


def _unmatched(given: Given) -> str:
    more = given.count("more")
    named = "; ".join(given.names("named"))
    return f"not compared: {named}" + (f"; and {more:,} more" if more > 0 else "")


WORDS: Final[Mapping[P, Wording]] = {
    P.LOOK_REFUSED: _refused,
    P.NOT_MADE: "{look} not made: {why}",
    P.EQUAL_AS_READ: _as_read,
    P.NOT_EVERY_TENSOR: "not every tensor was compared: {why}",
    P.UNMATCHED: _unmatched,
    P.TWO_DTYPES: (
        "{values:,} values are stored in two dtypes: both were {how} before their bits were "
        "compared"
    ),
    P.PACKED_VALUES: "{values:,} values are packed: compared as they unpack",
    P.NO_COUNTERPART: "{tensors} tensors of the {side} ({values:,} values) have no counterpart",
    P.STATE_NOT_KEPT: "the state of the run could not be kept: {why}",
    P.MACHINE: "{missing} is not installed: NumPy did the arithmetic, on one process",
}
