"""Do the models that the benchmark adds have the words they are scored by?"""

from __future__ import annotations

from benchmarks.lineage import cases
from benchmarks.lineage.combined import COMBINED
from benchmarks.lineage.relations import MEANT, PREFIX, TRUE_WORDS
from benchmarks.zoo.relation_cases import CASES, MERGES
from hubcheck.report.words import RelationKind
from tests.material.zoo.planted import DERIVATIONS
from tests.material.zoo.recipes import RECIPES


def test_every_scored_name_is_a_model() -> None:
    """A word stands behind a model that the zoo makes, never behind a misspelt name."""
    made = {d.name for d in (*DERIVATIONS, *COMBINED)} | {r.name for r in RECIPES}
    assert set(TRUE_WORDS) <= made
    assert all(d.name.startswith(PREFIX) for d in COMBINED)


def test_every_word_is_one_of_hubchecks() -> None:
    """Words on both sides of the scoring are from one list."""
    known = {kind.value for kind in RelationKind}
    for words in (*TRUE_WORDS.values(), *MEANT.values()):
        assert set(words) <= known


def test_every_case_asked_for_exists() -> None:
    """No case is silently missing because its name was changed, and no two share a folder."""
    assert set(cases.ASKED) <= {case.name for case in CASES}
    assert set(cases.MERGED) <= {merge.name for merge in MERGES}
    assert len(set(cases.names())) == len(cases.ASKED) + len(cases.MERGED)
    assert {case.kind for case in CASES if case.name in cases.ASKED} <= set(RelationKind)
