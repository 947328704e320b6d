"""What was not compared, and what would a comparison have shown?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import PhraseCode as P


def _share(given: Given) -> str:
    what = ", ".join(given.names("what"))
    of = f"the {given.text('of')}'s" if given.has("of") else "the"
    said = f"{given.figure('share'):.0%} of {of} parameters were not compared"
    return said + (f" ({what})" if what else "")


def _named(given: Given) -> str:
    said = f"{given.text('what')} {given.figure('share'):.0%}"
    return f"{given.text('part')}: {said}" if given.has("part") else said


WORDS: Final[Mapping[P, Wording]] = {
    P.NOT_COMPARED: _named,
    P.SHARE_NOT_COMPARED: _share,
}
