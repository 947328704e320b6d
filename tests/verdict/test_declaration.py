"""Does the verdict of the whole card follow from the findings as DESIGN section 2 says?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import pytest

from hubcheck.report.phrases import text
from hubcheck.report.schema import Finding, PartVerdict, Relation
from hubcheck.report.standing import is_proof, is_undeclared_part
from hubcheck.report.words import DeclarationVerdict, Holds, RelationKind, Verdict
from hubcheck.verdict.closeness import APART, Closeness
from hubcheck.verdict.declaration import Kinship, confirms, declaration_verdict, explain
from tests.verdict.findings import declared, finding, suspect

V, D, R = Verdict, DeclarationVerdict, RelationKind
OLD, NEW = "2023-01-01T00:00:00.000Z", "2024-01-01T00:00:00.000Z"


def verdict_of(*findings: Finding, owner: str = "") -> DeclarationVerdict:
    """Return the declaration verdict, nothing explained beyond what the findings say."""
    return declaration_verdict(
        findings, declared_any=any(f.declared for f in findings), subject_owner=owner
    )


def explained(
    findings: Sequence[Finding],
    kinship: Callable[[Finding, Finding], Kinship],
    close: Closeness = APART,
) -> list[Finding]:
    """Return findings as a check makes them, once it is known what explains each."""
    return [
        Finding(
            **{
                **dict(one),
                "explained_by": how.by,
                "closer": how.closer,
                "upstream": how.upstream,
            }
        )
        for one, how in zip(
            findings, explain(findings, kinship, measure=lambda _d, _s: close), strict=True
        )
    ]


TABLE = [
    # nothing tested
    ((), D.INCONCLUSIVE),
    # a declared base alone
    ((declared(V.IDENTICAL),), D.CONFIRMED),
    ((declared(V.RELATED),), D.CONFIRMED),
    ((declared(V.DISGUISED),), D.INCONCLUSIVE),  # calibrated: not proven
    ((declared(V.UNRELATED),), D.CONTRADICTED),
    ((declared(V.INCONCLUSIVE),), D.INCONCLUSIVE),
    ((declared(V.NOT_TESTED),), D.INCONCLUSIVE),
    ((declared(V.RELATED, relation=R.PARTS),), D.INCONCLUSIVE),
    ((declared(V.RELATED, relation=R.COMMON_INITIALISATION),), D.INCONCLUSIVE),
    # nothing declared
    ((suspect(V.UNRELATED),), D.NONE_FOUND),
    ((suspect(V.UNRELATED), suspect(V.UNRELATED)), D.NONE_FOUND),
    ((suspect(V.UNRELATED), suspect(V.INCONCLUSIVE)), D.INCONCLUSIVE),
    ((suspect(V.UNRELATED), suspect(V.NOT_TESTED)), D.INCONCLUSIVE),
    ((suspect(V.INCONCLUSIVE),), D.INCONCLUSIVE),
    ((suspect(V.NOT_TESTED),), D.INCONCLUSIVE),
    ((suspect(V.IDENTICAL),), D.UNDECLARED),
    ((suspect(V.RELATED),), D.UNDECLARED),
    ((suspect(V.DISGUISED),), D.INCONCLUSIVE),  # nor an accusation
    ((suspect(V.RELATED, relation=R.PARTS),), D.INCONCLUSIVE),
    ((suspect(V.RELATED, relation=R.COMMON_INITIALISATION),), D.INCONCLUSIVE),
    # both
    ((declared(V.RELATED), suspect(V.UNRELATED)), D.CONFIRMED),
    ((declared(V.RELATED), suspect(V.INCONCLUSIVE)), D.CONFIRMED),
    ((declared(V.RELATED), suspect(V.NOT_TESTED)), D.CONFIRMED),
    ((declared(V.RELATED), suspect(V.RELATED)), D.UNDECLARED),
    ((declared(V.RELATED), suspect(V.RELATED, explained_by="org/declared")), D.CONFIRMED),
    ((declared(V.RELATED), suspect(V.RELATED, relation=R.PARTS)), D.CONFIRMED),
    ((declared(V.RELATED), suspect(V.RELATED, relation=R.COMMON_INITIALISATION)), D.CONFIRMED),
    ((declared(V.UNRELATED), suspect(V.RELATED)), D.CONTRADICTED),
    ((declared(V.UNRELATED), suspect(V.UNRELATED)), D.CONTRADICTED),
    ((declared(V.NOT_TESTED), suspect(V.RELATED)), D.UNDECLARED),
    ((declared(V.INCONCLUSIVE), suspect(V.RELATED)), D.UNDECLARED),
    ((declared(V.INCONCLUSIVE), suspect(V.UNRELATED)), D.INCONCLUSIVE),
    ((declared(V.NOT_TESTED), suspect(V.UNRELATED)), D.INCONCLUSIVE),
    # several declared bases (a merge)
    ((declared(V.RELATED), declared(V.RELATED)), D.CONFIRMED),
    ((declared(V.RELATED), declared(V.IDENTICAL)), D.CONFIRMED),
    ((declared(V.RELATED), declared(V.UNRELATED)), D.CONTRADICTED),
    ((declared(V.RELATED), declared(V.INCONCLUSIVE)), D.INCONCLUSIVE),
    ((declared(V.RELATED), declared(V.NOT_TESTED)), D.INCONCLUSIVE),
]


@pytest.mark.parametrize(("findings", "expected"), TABLE)
def test_the_verdict_of_the_card_follows_from_the_table(
    findings: tuple[Finding, ...], expected: DeclarationVerdict
) -> None:
    """Every combination that DESIGN section 2 names gives the verdict it names."""
    assert verdict_of(*findings) is expected


@pytest.mark.parametrize(("findings", "expected"), TABLE)
def test_the_order_of_the_findings_does_not_matter(
    findings: tuple[Finding, ...], expected: DeclarationVerdict
) -> None:
    """Naming the bases in another order gives the same verdict."""
    assert verdict_of(*reversed(findings)) is expected


def test_every_pair_of_findings_has_a_verdict() -> None:
    """No pair of declared and suspected findings is left without a verdict, or accuses by chance.

    A card is contradicted only by an unrelated declared base, undeclared only by a found suspect.
    """
    for ours, theirs in product(V, V):
        got = verdict_of(declared(ours), suspect(theirs))
        assert (got is D.CONTRADICTED) == (ours is V.UNRELATED)
        if got is D.UNDECLARED:
            assert theirs in {V.IDENTICAL, V.RELATED}
        if got is D.CONFIRMED:
            assert ours in {V.IDENTICAL, V.RELATED}


@pytest.mark.parametrize("verdict", [V.IDENTICAL, V.RELATED])
@pytest.mark.parametrize(("base", "subject"), [(NEW, OLD), (OLD, NEW), ("", NEW), ("", "")])
def test_no_date_that_an_owner_can_choose_excuses_or_accuses(
    verdict: Verdict, base: str, subject: str
) -> None:
    """Whoever names a base asks about it; when a repository was made moves no verdict."""
    del subject  # is no argument of the verdict any more
    assert verdict_of(suspect(verdict, created=base)) is D.UNDECLARED
    assert verdict_of(declared(V.RELATED, created=base)) is D.CONFIRMED


@pytest.mark.parametrize("verdict", [V.IDENTICAL, V.RELATED])
def test_a_match_that_a_search_alone_brought_accuses_nobody(verdict: Verdict) -> None:
    """Anyone can publish a copy: who came first is not known, and the card stays open."""
    assert verdict_of(suspect(verdict, found_by="search")) is D.INCONCLUSIVE
    assert verdict_of(declared(V.RELATED), suspect(verdict, found_by="search")) is D.INCONCLUSIVE
    assert verdict_of(suspect(verdict, found_by="files")) is D.UNDECLARED


@pytest.mark.parametrize(
    ("compared", "held", "expected"),
    [
        (1.0, 1.0, D.CONFIRMED),
        (0.9, 0.5, D.CONFIRMED),
        (0.89, 1.0, D.INCONCLUSIVE),  # an audio encoder that no rule reads
        (1.0, 0.4, D.INCONCLUSIVE),  # every MLP replaced
        (0.0, 0.0, D.INCONCLUSIVE),
    ],
)
def test_confirmed_needs_what_could_have_been_given(
    compared: float, held: float, expected: DeclarationVerdict
) -> None:
    """A declaration is confirmed by what was compared and held, never by what was left out."""
    found = declared(V.RELATED).model_copy(update={"compared": compared, "held": held})
    assert verdict_of(found) is expected


def tower(verdict: Verdict, share: float, base_share: float) -> PartVerdict:
    """Return the verdict on a vision tower."""
    return PartVerdict(
        name="vision tower",
        verdict=verdict,
        log10_p=0.0,
        kept=0.0,
        tower=True,
        share=share,
        base_share=base_share,
    )


def with_parts(found: Finding, *parts: PartVerdict, holds: Holds = Holds.PART) -> Finding:
    """Return a finding with these parts."""
    relation = found.relation or Relation(kind=R.PARTS, detail=(text("made by a test"),))
    return found.model_copy(
        update={"parts": parts, "relation": relation.model_copy(update={"holds": holds})}
    )


def test_a_big_part_that_is_another_one_is_not_confirmed() -> None:
    """The body is the base's and a tower of a tenth is not: half a truth is no confirmation."""
    related = declared(V.RELATED)
    assert confirms(with_parts(related, tower(V.RELATED, 0.3, 0.3), holds=Holds.BODY))
    assert not confirms(with_parts(related, tower(V.UNRELATED, 0.3, 0.3), holds=Holds.BODY))
    assert not confirms(with_parts(related, tower(V.INCONCLUSIVE, 0.3, 0.3), holds=Holds.BODY))
    assert confirms(with_parts(related, tower(V.UNRELATED, 0.05, 0.3), holds=Holds.BODY))


def test_a_shared_public_tower_accuses_nobody() -> None:
    """Another model with the same tower, or the tower's own repository, is a warning."""
    other = with_parts(suspect(V.RELATED, relation=R.PARTS), tower(V.RELATED, 0.1, 0.1))
    alone = with_parts(
        suspect(V.RELATED, relation=R.PARTS), tower(V.RELATED, 0.1, 1.0), holds=Holds.WHOLE
    )
    for found in (other, alone):
        assert verdict_of(found) is D.INCONCLUSIVE
        assert is_undeclared_part(found)
        assert verdict_of(declared(V.RELATED), found) is D.CONFIRMED


def test_a_model_that_is_mostly_its_tower_is_held_by_it() -> None:
    """Half of a suspect's parameters are more than a part: padding excuses nothing."""
    found = with_parts(suspect(V.RELATED, relation=R.PARTS), tower(V.RELATED, 0.05, 0.6))
    assert verdict_of(found) is D.UNDECLARED
    assert not is_undeclared_part(found)


def test_a_declared_base_that_holds_the_tower_explains_it() -> None:
    """An honest vision-language model declares its tower; whoever else uses it is explained."""
    own = with_parts(
        declared(V.RELATED, relation=R.PARTS), tower(V.RELATED, 0.1, 1.0), holds=Holds.WHOLE
    )
    other = with_parts(suspect(V.RELATED, relation=R.PARTS), tower(V.RELATED, 0.1, 0.6))
    found = explained([own, other], lambda _d, _s: Kinship.NONE)
    assert found[1].explained_by == "org/declared"
    assert verdict_of(*found) is D.CONFIRMED


def related_always(_d: Finding, _s: Finding) -> Kinship:
    """Say that any two bases are related, by what they declare."""
    return Kinship.DECLARED


def test_a_declared_base_explains_its_sibling_its_copy_and_its_own_base() -> None:
    """An honest card of a fine-tune comes out confirmed whatever relative is suspected."""
    found = explained(
        [
            declared(V.RELATED, kept=0.98),
            finding("org/sibling", V.RELATED, kept=0.95),
            finding("org/declared-int4", V.RELATED, kept=0.979),
            finding("org/grandparent", V.RELATED, kept=0.9),
        ],
        related_always,
    )
    assert [f.explained_by for f in found] == [None, *["org/declared"] * 3]
    assert verdict_of(*found) is D.CONFIRMED


def test_a_closer_suspect_is_explained_and_said_to_be_closer() -> None:
    """Siblings on one data set share their change: closeness is a sentence, no accusation."""
    found = explained(
        [declared(V.RELATED, kept=0.9), finding("org/instruct", V.RELATED, kept=0.99)],
        related_always,
        Closeness(closer=True),
    )
    assert found[1].explained_by == "org/declared"
    assert found[1].closer
    assert not found[1].upstream
    assert verdict_of(*found) is D.CONFIRMED


def taught(base: Finding) -> Finding:
    """Return a declared base that the card calls a teacher, and whose weights are not there."""
    return Finding(**{**dict(base), "taught": True})


def test_a_teacher_whose_weights_are_not_there_contradicts_nothing() -> None:
    """Nor does it confirm: no weights are claimed, and none were found (DESIGN 13.10)."""
    teacher = taught(declared(V.UNRELATED))
    assert verdict_of(teacher) is D.INCONCLUSIVE
    assert verdict_of(teacher, finding("org/b", V.RELATED, declared=True)) is D.INCONCLUSIVE
    assert verdict_of(teacher, finding("org/b", V.UNRELATED, declared=True)) is D.CONTRADICTED
    assert verdict_of(teacher, suspect(V.RELATED)) is D.UNDECLARED


HELD = Closeness(closer=True, held=True, families=200, bound=0.0099)


def test_a_suspect_whose_own_change_is_held_is_not_explained() -> None:
    """A child of a fine-tune that names the fine-tune's base alone is undeclared."""
    found = explained([declared(V.RELATED), suspect(V.RELATED)], related_always, HELD)
    assert found[1].explained_by is None
    assert verdict_of(*found) is D.UNDECLARED


@pytest.mark.parametrize("other", [V.NOT_TESTED, V.INCONCLUSIVE, V.DISGUISED])
def test_what_an_untested_declared_base_may_have_given_accuses_nobody(other: Verdict) -> None:
    """The suspect may be a copy of the other declared base: its change was declared, then."""
    bases = [declared(V.RELATED), finding("org/closed", other, declared=True)]
    found = explained([*bases, suspect(V.RELATED)], related_always, HELD)
    assert found[2].explained_by == "org/declared"


def test_two_scales_of_one_public_adapter_are_no_merge_with_the_other_maker() -> None:
    """0.8 of an adapter is 0.8 of the model that merged it whole, and 0.2 of the base."""
    merged = suspect(V.RELATED, relation=R.MERGE)
    anyones = explained([declared(V.RELATED), merged], related_always, Closeness(anyones=True))
    assert anyones[1].explained_by == "org/declared"
    own = explained([declared(V.RELATED), merged], related_always, Closeness(matrices=7))
    assert own[1].explained_by is None


@pytest.mark.parametrize("kind", [R.IDENTICAL, R.RECAST, R.QUANTISED])
def test_a_declared_base_stored_anew_holds_nothing_of_anyone(kind: RelationKind) -> None:
    """Two who rounded one base by one rule hold each other's values, and made none of them."""
    stored = declared(V.RELATED, relation=kind)
    found = explained([stored, suspect(V.RELATED)], related_always, HELD)
    assert found[1].explained_by == "org/declared"


def test_one_declared_base_that_explains_is_enough() -> None:
    """Of two declared bases the nearer one may be what the suspect is made of, too."""
    bases = [declared(V.RELATED), finding("org/instruct", V.RELATED, declared=True)]
    how = explain(
        [*bases, suspect(V.RELATED)],
        related_always,
        measure=lambda d, _s: HELD if d.base.ref == "org/declared" else APART,
    )
    assert how[2].by == "org/instruct"


@pytest.mark.parametrize(
    ("owner", "expected"), [("other", D.CONFIRMED), ("", D.CONFIRMED), ("org", D.INCONCLUSIVE)]
)
def test_an_explanation_does_not_launder(owner: str, expected: DeclarationVerdict) -> None:
    """A declared base that itself matches an unnamed model says so; its own owner stays open."""
    found = explained(
        [declared(V.RELATED, kept=0.9), finding("famous/llm", V.RELATED, kept=0.9)],
        lambda _d, _s: Kinship.WEIGHTS,
    )
    assert found[1].upstream
    assert verdict_of(*found, owner=owner) is expected


def test_an_unrelated_pair_of_bases_explains_nothing() -> None:
    """A merge of two strangers that declares one of them has left the other out."""
    found = explained(
        [declared(V.RELATED, kept=0.9), finding("org/second", V.RELATED, kept=0.6)],
        lambda _d, _s: Kinship.NONE,
    )
    assert verdict_of(*found) is D.UNDECLARED


@pytest.mark.parametrize("own", [V.UNRELATED, V.INCONCLUSIVE, V.NOT_TESTED])
def test_a_declared_base_that_was_not_found_explains_nothing(own: Verdict) -> None:
    """Only a proven declaration excuses a relative."""
    found = explained(
        [declared(own, kept=0.99), finding("org/other", V.RELATED, kept=0.5)], related_always
    )
    assert found[1].explained_by is None


@pytest.mark.parametrize("kind", [R.PARTS, R.COMMON_INITIALISATION])
def test_a_harmless_relation_is_no_proof(kind: RelationKind) -> None:
    """A copied part or a shared initialisation neither confirms nor accuses nor explains."""
    harmless = declared(V.RELATED, relation=kind)
    assert not is_proof(harmless)
    found = explained([harmless, suspect(V.RELATED, kept=0.5)], related_always)
    assert found[1].explained_by is None


def test_bases_are_compared_only_where_it_matters() -> None:
    """Two bases are tested against each other only for a found suspect and a proven base."""
    asked: list[tuple[str, str]] = []

    def related(d: Finding, s: Finding) -> Kinship:
        asked.append((d.base.ref, s.base.ref))
        return Kinship.DECLARED

    explain([declared(V.RELATED), suspect(V.UNRELATED), suspect(V.NOT_TESTED)], related)
    explain([suspect(V.RELATED)], related)
    assert asked == []
    explain([declared(V.RELATED, kept=0.9), suspect(V.RELATED, kept=0.9)], related)
    assert asked == [("org/declared", "org/suspect")]
