"""Which models does an audit look at: of an owner, of a collection, of a list?"""

from __future__ import annotations

from pathlib import Path

from hubcheck.candidates.hub_index import HubIndex
from hubcheck.candidates.hub_lists import models_in, models_of
from hubcheck.errors import UsageError, printable
from hubcheck.frozen import frozen
from hubcheck.report.load import regular
from hubcheck.request.name_list import names_in


@frozen
class Listed:
    """A model to be looked at."""

    ref: str
    commit: str = ""
    """Its newest commit, where the Hub stated it; empty: not known before it is opened."""


def listed_models(
    asked: str, index: HubIndex, *, collection: bool, most: int
) -> tuple[Listed, ...]:
    """Return the models of an owner, of a collection, or of a file with one name a line.

    Args:
        asked: The owner, the collection's slug, or the file.
        index: Asks the Hub.
        collection: Whether it is a collection.
        most: Models that are looked at.

    Raises:
        UsageError: there is none, or a list that cannot be read.
        UnreachableError: the Hub cannot be asked.
    """
    if collection:
        found = tuple(Listed(ref=ref) for ref in models_in(index, asked))
    elif regular(Path(asked)):
        names = names_in(Path(asked), shown=asked, most=most)
        found = tuple(Listed(ref=name) for name in names)
    elif "/" in asked or "." in asked:
        raise UsageError(
            f"'{printable(asked)}' is no owner of models, and no file.",
            cause="a list that is not there, or one model's name.",
            next_step="name an organisation, a file with one model a line, or check that model.",
        )
    else:
        found = tuple(Listed(ref=r, commit=c) for r, c in models_of(index, asked, most=most))
    if not found:
        raise UsageError(
            f"'{printable(asked)}' names no model.",
            cause="nothing public is there, or the list is empty.",
            next_step="look at it on the Hub; private models need a token.",
        )
    return tuple({one.ref: one for one in found}.values())[:most]
