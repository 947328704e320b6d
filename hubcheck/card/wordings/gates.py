"""What is said beside the state of a required check, in the few letters of a commit status?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording, plural
from hubcheck.errors import ExitCode
from hubcheck.report.phrases import PhraseCode as P
from hubcheck.report.words import NothingCompared

WHY_NOTHING: Final = {
    NothingCompared.NO_WEIGHTS: "the model holds no weights",
    NothingCompared.WEIGHTS_BELOW: "no model lies at the top level, only in folders below",
    NothingCompared.NO_CONTENT: "the weights are Git LFS pointers without their content",
    NothingCompared.NOT_READABLE: "the weights cannot be read",
    NothingCompared.NO_BASE: "no base is declared and none was named",
    NothingCompared.NO_NAME: "what is declared as the base is the name of no model",
    NothingCompared.NO_BASE_TESTED: "no base could be tested",
}
"""One text wherever it is said."""
ENDED: Final = {
    ExitCode.USAGE: "the check could not be carried out as asked",
    ExitCode.UNREACHABLE: "a model could not be reached",
    ExitCode.UNREADABLE: "the weights are unreadable",
    ExitCode.INTERNAL: "a fault of hubcheck",
}


def _listed(given: Given, name: str) -> str:
    more = f" and {given.count('more')} more" if given.has("more") else ""
    return ", ".join(given.names(name)) + more


def _counted(given: Given) -> str:
    bases = given.count("bases")
    tested = f"{given.count('tested')} of {bases} {plural(bases, 'base')} tested"
    return f"{given.text('verdict')}: {tested}"


def _models(given: Given) -> str:
    said = f"{given.count('of_it')} of {given.count('models')} models"
    return f"{said}: {_listed(given, 'named')}" if given.has("named") else said


WORDS: Final[Mapping[P, Wording]] = {
    P.GATE_ENDED: lambda given: ENDED[ExitCode(given.count("ended"))],
    P.GATE_UNREAD: lambda given: f"not readable here: {_listed(given, 'files')}",
    P.GATE_NOTHING: lambda given: (
        f"nothing was compared: {WHY_NOTHING[NothingCompared(given.text('why'))]}"
    ),
    P.GATE_OPEN: lambda given: f"not every base could be tested: {_listed(given, 'bases')}",
    P.GATE_COUNTED: _counted,
    P.GATE_MODELS: _models,
}
