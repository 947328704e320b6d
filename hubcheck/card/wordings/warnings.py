"""What should a reader know of a whole report: its warnings and its limits?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import PhraseCode as P


def _relation(given: Given) -> str:
    why = given.said("why")
    said = f"The card declares '{given.text('declared')}' of {given.text('base')}; the weights show"
    return f"{said} {given.text('found')}" + (f": {why}" if why else "")


def _allowed(given: Given) -> str:
    until = f" until {given.text('until')}" if given.has("until") else ""
    return f"the policy file allows {given.text('base')}{until}: {given.text('why')}"


NOT_NAMED: Final = {
    "siblings": (
        "siblings of one data set, or repeats of one run, held as much of each other's change in "
        "at least one of {families} families of small models; a copy that was trained on far, "
        "scaled, rounded or mixed looks like that, too"
    ),
    "anyones": (
        "all that it changed anyone could have made: rounding, zeros or a change of low rank"
    ),
    "searches": "too many suspects were tried for the bound of the calibrated table",
}
"""By the reason; others could not be looked at."""


def _not_named(given: Given) -> str:
    why = NOT_NAMED.get(
        given.text("why"), "what it changed could not be looked at beside every declared base"
    )
    said = "this model is closer and not named as a source: " + why
    return said.format(families=given.count("families"))


WORDS: Final[Mapping[P, Wording]] = {
    P.LEFT_OUT: "{path} was left out: {why}",
    P.ONLY_PROPOSED: (
        "{base} is not {repository}: no branch or tag of it is known to hold this commit, and "
        "anyone can propose one"
    ),
    P.CLOSER: (
        "the weights are closer to {base} than to the declared base {declared}: compare training "
        "data; siblings trained on one data set look like that, too"
    ),
    P.NONE_CLAIMED: (
        "no weights inherited, none claimed: the card says that this model was distilled from it, "
        "and distillation leaves no trace in weights"
    ),
    P.HELD_BIT_FOR_BIT: (
        "kinship with the declared base does not explain this match: rows that this model changed "
        "are held bit for bit in {equal} of {matrices} matrices looked at"
    ),
    P.HELD_CHANGE: (
        "kinship with the declared base does not explain this match: of what this model changed "
        "the weights hold more ({share:.2f} of its smallest directions) than siblings of one data "
        "set held of each other's in any of {families} families of small models (calibrated bound "
        "{bound:.4f}). A run that repeats this model's to the last setting would look the same"
    ),
    P.NOT_NAMED: _not_named,
    P.UPSTREAM: (
        "the declared base {declared} itself matches {base}, and neither names the other "
        "(undeclared-upstream): this speaks of that base's card, not of this model's maker"
    ),
    P.UNDATED: (
        "the weights match {base}, which a search proposed; which came first is not known "
        "(match-undated)"
    ),
    P.UNDECLARED_PART: "a tower is that of {base}, which the card does not name (undeclared-part)",
    P.NO_BASE: (
        "No base was named or declared: add base_model to the card, or name one with --base or "
        "--suspect (in a workflow: bases, suspects)."
    ),
    P.ALSO_NAMED: lambda given: (
        f"The files also name {', '.join(given.names('names'))}: test it with --suspect "
        "(in a workflow: suspects)."
    ),
    P.LOOP: "{model} declares a model that descends from it",
    P.ANCESTOR_MISSING: "{model} is declared further up and was not found",
    P.RELATION_DIFFERS: _relation,
    P.ALLOWED: _allowed,
    P.NOT_SIGNED: (
        "no signer that the policy names signed all weights that were read, as they are "
        "(require-signature)"
    ),
    P.ALLOWANCE_ENDED: "the policy file allowed {base} until {until}; that has passed",
    P.LIMIT_DISTILLATION: "Distillation leaves no trace in weights.",
    P.LIMIT_MATCH: (
        "A match means derivation in either direction, a common ancestor or a common "
        "initialisation; it does not say who copied whom."
    ),
    P.LIMIT_BOUND: (
        "The bound holds if the base was initialised with exchangeable indices and trained by an "
        "index-equivariant optimiser, independently of the subject."
    ),
    P.LIMIT_UNRELATED: (
        "'unrelated' at this depth assumes that the copy was not shuffled and rotated everywhere."
    ),
}
