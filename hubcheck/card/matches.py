"""Which findings does a card speak of?

The declared ones, the tested ones, and the one match that the title is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.report.hints import BASE
from hubcheck.report.phrases import PhraseCode, codes
from hubcheck.report.thresholds import BIG_PART
from hubcheck.report.words import (
    DeclarationVerdict,
    EvidenceKind,
    Holds,
    ReasonCode,
    RelationKind,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hubcheck.report.schema import Evidence, Finding, PartVerdict, Report

MATCHES: Final = frozenset({Verdict.IDENTICAL, Verdict.RELATED, Verdict.DISGUISED})
NAMED: Final = "--base"
"""Why a base is tested that the command line, a workflow or a policy file names."""
BODY: Final = "body"
"""How the report names the part that is neither tower, embeddings nor norms."""
TOWER: Final = "tower"
"""How the name of a tower ends; that of a component is its folder's."""
WHOLE: Final = "model"
"""The part of evidence that is about all of a model."""
DIGEST: Final = "digest"
"""The test of weight files as a whole."""
PRUNED: Final = "pruned-neurons"
"""The test of neurons whose number differs."""
SIGNS: Final = "signs"
DISGUISE: Final = "disguise"
"""The test whose bound is calibrated; its note says on how many models."""


def tested(report: Report) -> tuple[Finding, ...]:
    """Return the findings about bases whose weights were compared."""
    return tuple(f for f in report.findings if f.status == "tested")


def declared(report: Report) -> tuple[Finding, ...]:
    """Return the findings about declared bases."""
    return tuple(f for f in report.findings if f.declared)


def foremost(report: Report, most: int) -> tuple[Finding, ...]:
    """Return at most ``most`` findings in the report's order, none that matters more left out.

    Declared bases come first, then what matches, then what is open.
    """
    if len(report.findings) <= most:
        return report.findings
    ranked = sorted(
        range(len(report.findings)),
        key=lambda n: (
            not report.findings[n].declared,
            report.findings[n].verdict not in MATCHES,
            report.findings[n].verdict is not Verdict.INCONCLUSIVE,
            not report.findings[n].in_full,
        ),
    )
    return tuple(report.findings[n] for n in sorted(ranked[:most]))


def only_named(report: Report, findings: Collection[Finding]) -> bool:
    """Return whether bases that stand as declared were named by the user alone, not by the card."""
    by_card = {base.partition("@")[0].casefold() for base in report.declared.bases}
    return all(
        f.declared
        and set(f.proposed_by) == {BASE}
        and f.base.ref.partition("@")[0].casefold() not in by_card
        for f in findings
    )


def kind_of(report: Report, bases: Collection[Finding]) -> str:
    """Return how bases are called that stand as declared: by the card, or by the user alone."""
    return "named base" if only_named(report, bases) else "declared base"


def main_match(report: Report) -> Finding | None:
    """Return the finding that the title is about: the closest match of the kind it speaks of."""
    wants_declared = report.verdict is DeclarationVerdict.CONFIRMED or (
        report.verdict is DeclarationVerdict.INCONCLUSIVE and bool(declared(report))
    )
    matching = [f for f in report.findings if f.verdict in MATCHES and f.declared is wants_declared]
    if report.verdict in {DeclarationVerdict.UNDECLARED, DeclarationVerdict.CONTRADICTED}:
        # Starting values alone are no relation that a card would have to name.
        matching = [f for f in matching if not is_relation(f, RelationKind.COMMON_INITIALISATION)]
    unexplained = [f for f in matching if f.explained_by is None] or matching
    # A match of the body says more than one of the embeddings, however exact that is.
    unexplained.sort(key=lambda f: (_weakness(f), -f.kept, f.base.ref))
    return unexplained[0] if unexplained else None


NONE_CLAIMED: Final = (
    "No weights inherited, none claimed: the card says that this model was distilled, and "
    "distillation leaves no trace in weights."
)
SOME_TAUGHT: Final = (
    "The card says that this model was distilled, and distillation leaves no trace in weights; of "
    "its other bases the table says what was found."
)
"""Where the card declares bases whose weights are claimed beside the teacher."""


def _weakness(finding: Finding) -> int:
    weak = (RelationKind.PARTS, RelationKind.COMMON_INITIALISATION)
    return next((i for i, kind in enumerate(weak, 1) if is_relation(finding, kind)), 0)


def is_relation(finding: Finding, kind: RelationKind) -> bool:
    """Return whether the finding's relation is of ``kind``."""
    return finding.relation is not None and finding.relation.kind is kind


def is_rearranged(finding: Finding) -> bool:
    """Return whether the subject's units lie in another order or frame than the base's."""
    undone = finding.verdict is Verdict.DISGUISED or bool(finding.disguise)
    return undone or is_relation(finding, RelationKind.REARRANGED)


def is_framed(finding: Finding) -> bool:
    """Return whether the order of the units agrees and their content is too weak to tell."""
    return finding.code is ReasonCode.ORDER_WITHOUT_CONTENT


def body_does_not_match(finding: Finding) -> bool:
    """Return whether the body of a base was tested and does not match."""
    return any(p.name == BODY and p.verdict is Verdict.UNRELATED for p in finding.parts)


def holds_some_orders(finding: Finding) -> bool:
    """Return whether the subject holds some orders of the base's body and most of them not."""
    parts = is_relation(finding, RelationKind.PARTS)
    return parts and any(p.name == BODY and p.verdict is Verdict.RELATED for p in finding.parts)


def holds_other_layers(finding: Finding) -> bool:
    """Return whether layers are another's: a graft, not a model trained further."""
    return finding.verdict is Verdict.RELATED and finding.other_layers >= BIG_PART


def rest_is_open(finding: Finding) -> bool:
    """Return whether parts of a base match and of the rest nothing is settled."""
    return finding.code is ReasonCode.REST_NOT_COMPARED


def holds_tower_alone(finding: Finding) -> bool:
    """Return whether base or subject is one tower, and that tower is in both."""
    relation = finding.relation
    whole = relation is not None and relation.holds is Holds.WHOLE
    return whole and is_relation(finding, RelationKind.PARTS)


def open_towers(finding: Finding) -> tuple[PartVerdict, ...]:
    """Return the towers and components, a tenth of both models or more, not found to match."""
    return tuple(
        p
        for p in finding.parts
        if p.tower and min(p.share, p.base_share) >= BIG_PART and p.verdict is not Verdict.RELATED
    )


def refuted_towers(finding: Finding) -> tuple[PartVerdict, ...]:
    """Return those of them that were tested and do not match."""
    return tuple(p for p in open_towers(finding) if p.verdict is Verdict.UNRELATED)


def one_part(finding: Finding) -> str:
    """Return what to call the part that one of the two models is alone."""
    held = (p.name for p in finding.parts if p.tower and p.verdict is Verdict.RELATED)
    return "a tower" if next(held, TOWER).endswith(TOWER) else "a component"


def same_components(finding: Finding) -> int:
    """Return of how many components the weight files are the same bytes, where not all are."""
    rows = [e for e in finding.evidence if e.test == DIGEST and e.part != WHOLE]
    return len(rows)


def is_gated(finding: Finding) -> bool:
    """Return whether a base was left untested because its owner has to grant access."""
    return finding.code is ReasonCode.GATED


def needs_more_bytes(finding: Finding) -> bool:
    """Return whether a base stays open because the limit of what may be read was too low."""
    return not {PhraseCode.BUDGET, PhraseCode.DOWN_NOT_READ}.isdisjoint(codes(finding.reason))


def cause_of_break(finding: Finding) -> str:
    """Return what broke off the look that would decide: a code; empty where none did."""
    if finding.code is not ReasonCode.BROKEN_OFF:
        return ""
    return next((str(one.params.get("cause", "")) for one in finding.reason), "") or "network"


def identity_row(finding: Finding) -> Evidence | None:
    """Return the evidence of bit-equal tensors, where some are equal beyond chance."""
    rows = (e for e in finding.evidence if e.kind is EvidenceKind.IDENTITY)
    return next((e for e in rows if e.log10_p < 0), None)


def disguise_rows(finding: Finding) -> tuple[Evidence, ...]:
    """Return the calibrated evidence behind a verdict ``disguised``, one row per layer."""
    rows = (e for e in finding.evidence if e.kind is EvidenceKind.CALIBRATED)
    return tuple(e for e in rows if e.test == DISGUISE)


def is_free_in_blocks(rows: Iterable[Evidence]) -> bool:
    """Return whether an order among these is free in blocks only, where a hit is worth less."""
    notes = (note for row in rows for note in row.note)
    return any(n.code is PhraseCode.NOTE_AXIS and bool(n.params.get("blocks")) for n in notes)


def chance_hits(finding: Finding) -> int:
    """Return how many units lie in place by chance: one a family, whatever its size.

    A random order of n units has one unit at its own place on average. Of axes that are free in
    blocks only that is not so: 0, and nothing is said.
    """
    return 0 if is_free_in_blocks(finding.evidence) else finding.families_tested


def calibrated_on(finding: Finding) -> str:
    """Return what the bound of a disguised copy rests on, in words of our own."""
    said = (note for row in disguise_rows(finding) for note in row.note)
    table = next((note for note in said if note.code is PhraseCode.NOTE_CALIBRATED), None)
    models = table.params.get("models") if table is not None else None
    counted = f"{models} " if isinstance(models, int) else ""
    return f"calibrated on {counted}small models"
