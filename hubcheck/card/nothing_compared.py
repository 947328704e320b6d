"""How is it said that nothing was compared, before anything else?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubcheck.card import matches, names
from hubcheck.card.document import Line, Trusted
from hubcheck.card.wordings.gates import WHY_NOTHING
from hubcheck.report.words import NothingCompared

if TYPE_CHECKING:
    from hubcheck.report.schema import Report


def title(report: Report) -> Line:
    """Say that nothing was compared before anything else: it is no result to build on."""
    begin = Trusted("nothing was compared: ")
    why = report.nothing_compared
    if why is NothingCompared.WEIGHTS_BELOW:
        folders = names.folders_with_weights(report)
        if folders:
            where = (
                Trusted("no model lies at the top level, weights lie in "),
                *names.listed(folders),
            )
            return (begin, *where)
    if why not in {None, NothingCompared.NO_BASE_TESTED}:
        return (begin, Trusted(WHY_NOTHING[why]))
    bases = matches.declared(report) or report.findings
    if not bases:
        return (begin, Trusted(WHY_NOTHING[NothingCompared.NO_BASE]))
    kind = matches.kind_of(report, bases) if bases[0].declared else "base"
    kind += "s" if len(bases) > 1 else ""
    return (begin, *untested(kind, names.of_bases(bases)))


def untested(kind: str, listed: Line) -> Line:
    """Return that no base could be tested, by their names."""
    return (Trusted(f"the {kind} "), *listed, Trusted(" could not be tested"))
