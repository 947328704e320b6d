"""Why is a field of a report not held against the one that is made again?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import PhraseCode as P

OPEN: Final[Mapping[str, str]] = {
    "clock": "the clock",
    "shared-work": "how many share the work changes no number",
    "which-hub": "which address the Hub had; commits are the same everywhere",
    "requests": "faults and caches cost or save requests, not bytes",
    "line": "only held against the other fields, not made again",
    "proposed": "a search proposed it, which is not made again",
    "search": "what a search saw is not searched for again",
    "tried": "that so many were looked at; the bounds are divided by it",
    "read-by-search": "a search had read some of it",
    "catalogue": "what a catalogue answered is not asked for again",
    "chosen-among": "that it chose among so many; the bounds are divided by it",
    "read-by-sketch": "a sketch had read some of it",
    "stands-for": "that this folder holds {refs}, which the card names",
    "missing": "{refs} is missing from it now",
    "asked": "which branch or tag was named; the commit is held against all of them",
    "beside": "the card and other files beside the weights of a folder may be written to since",
    "accepted": "what a policy file accepted",
    "not-described": "the Hub did not describe every ancestor now",
    "unknown-field": "a field that this version does not know",
    "old-schema": "the report itself says that an older hubcheck wrote it, of schema {schema}",
    "old-field": "schema {schema} has no code or no field for it",
    "old-power": "schema {schema} did not ask whether a copy of these norms would have been seen",
    "old-shares": "schema {schema} took units too narrow to be told apart for relabelled ones",
    "old-disguise": "the disguise test of schema {schema} read on where it ends now",
    "old-bound": "schema {schema} set nothing of a bound aside for deeper looks and for parts",
}
"""By the codes of ``verdict.differences.Open``, which a test holds this table to."""


def _open(given: Given) -> str:
    schema = given.text("schema") if given.has("schema") else ""
    return OPEN[given.text("why")].format(refs=", ".join(given.names("refs")), schema=schema)


WORDS: Final[Mapping[P, Wording]] = {P.REPLAY_OPEN: _open}
