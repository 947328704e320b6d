"""What stands in the cells of the first table?

One row per base: why it was tested, the verdict, the count behind it, and how similar the two are
or from where on a copy would have been seen. Each cell can be read without the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import hub_pages, matches, names, numbers, why_open
from hubcheck.card.document import Chip, Identifier, Inline, Line, Meter, Tone, Trusted, Untrusted
from hubcheck.card.share_section import whole_share
from hubcheck.card.wording import brief, sentence
from hubcheck.report.phrases import PhraseCode, codes
from hubcheck.report.standing import is_refuted
from hubcheck.report.words import DeclarationVerdict, ReasonCode, RelationKind, Verdict

if TYPE_CHECKING:
    from hubcheck.report.schema import BaseModelRef, Finding, Report

REASONS_SHOWN: Final = 2

FEW_WORDS: Final = 90
"""Characters of a reason inside a table cell; the whole reason is in its folded section."""

ONE_PARTNER: Final = "name one partner in the base by each of their weights"
"""What a hit of the disguise test is."""

MOVED_FAR: Final = 0.9
"""Similarity below which a change without a form of its own is not called a fine-tune: it is half
as long as the weights themselves (sqrt(2 - 2 * 0.9) = 0.45)."""
_CHANGED: Final = "changed throughout"
_REBUILT: Final = "embeddings rebuilt"
_TOKENS: Final = frozenset({PhraseCode.VOCABULARY_ROWS, PhraseCode.TOKENS_MOVED})
"""What is said of another vocabulary; embeddings alone can be made anew for the same one."""

_RELATION_WORDS: Final = {
    RelationKind.IDENTICAL: "",
    RelationKind.RECAST: "same values, stored anew",
    RelationKind.QUANTISED: "quantised",
    RelationKind.FINE_TUNE: "fine-tune",
    RelationKind.LORA_MERGE: "low-rank update",
    RelationKind.SPARSE_UPDATE: "sparse update",
    RelationKind.VOCABULARY_CHANGED: "vocabulary changed",
    RelationKind.MERGE: "part of a merge",
    RelationKind.LAYERS_CHANGED: "layers changed",
    RelationKind.WIDTH_CHANGED: "width changed",
    RelationKind.UPCYCLED: "up-cycled into experts",
    RelationKind.PARTS: "parts only",
    RelationKind.COMMON_INITIALISATION: "common initialisation",
    RelationKind.REARRANGED: "rearranged",
    RelationKind.UNDETERMINED: "",
}


def says(report: Report, findings: tuple[Finding, ...]) -> Line:
    """Return who says that bases are what the subject comes from: its card, or the user alone."""
    if matches.only_named(report, findings):
        return (Identifier(matches.NAMED), Trusted(" says "))
    return (Trusted("the card says "),)


def base_page(report: Report, base: BaseModelRef) -> Identifier:
    """Return a base at its short commit, which leads to its files."""
    return hub_pages.model(names.pinned_base(base), report, base.ref, base.revision)


def why_cell(report: Report, finding: Finding) -> Line:
    """Return why this base was tested."""
    reasons = finding.proposed_by[:REASONS_SHOWN]
    parts: list[Inline] = []
    for reason in reasons:
        if parts:
            parts.append(Trusted(", "))
        parts += hub_pages.reason(reason, report, limit=FEW_WORDS)
    more = len(finding.proposed_by) - len(reasons)
    if more > 0:
        parts.append(Trusted(f" and {more} more"))
    return tuple(parts) or (Trusted(numbers.NOTHING),)


def why(finding: Finding) -> str:
    """Return every reason why this base was tested, as one line of raw text."""
    return sentence(finding.proposed_by)


def verdict_cell(report: Report, finding: Finding) -> Line:
    """Return the verdict about one base, with its relation where there is one."""
    content: list[Trusted | Untrusted | Identifier] = [Trusted(finding.verdict.value)]
    if finding.verdict in {Verdict.RELATED, Verdict.DISGUISED}:
        content += relation_words(finding)
    chip = Chip(tuple(content), tone(report, finding))
    if finding.explained_by is not None:
        by = Identifier(names.tested(report, finding.explained_by))
        explained = (Trusted(" (explained by "), by, Trusted(")"))
        return (chip, *explained)
    return (chip,)


def evidence_cell(finding: Finding) -> Line:
    """Return the count behind the verdict, or the reason why there is none."""
    counted = in_place(finding)
    reason = Untrusted(brief(finding.reason), limit=FEW_WORDS)
    same = matches.identity_row(finding)
    across, counted_any = _across_shapes(finding), finding.units_tested > 0
    match finding.verdict:
        case Verdict.NOT_TESTED:
            return (reason,) if finding.reason else (Trusted("no reason given"),)
        case Verdict.INCONCLUSIVE if finding.code is ReasonCode.SUBJECT:
            # Not the few units that could be looked at all the same: no count of theirs decides.
            return (Trusted(why_open.few_words(finding)),)
        case Verdict.INCONCLUSIVE if finding.units_tested and finding.reason:
            begin = Trusted(f"{counted}{by_chance(finding)}; ")
            few = why_open.few_words(finding)
            return (begin, Trusted(few) if few else reason)
        case Verdict.INCONCLUSIVE if not finding.units_tested:
            few = why_open.few_words(finding)
            own = reason if finding.reason else Trusted("too little to decide")
            return (Trusted(few) if few else own,)
        case Verdict.UNRELATED | Verdict.RELATED if across is not None and not counted_any:
            return (Trusted(across),)
        case Verdict.UNRELATED:
            return (Trusted(f"{counted}{by_chance(finding)}"),)
        case Verdict.IDENTICAL if not finding.units_tested:
            return (Trusted("same files, by digest"),)
        case Verdict.DISGUISED:
            rows = matches.disguise_rows(finding)
            units = sum(row.units for row in rows)
            hits = numbers.hits(sum(row.hits for row in rows), units)
            seen = f"{hits} sampled neurons {ONE_PARTNER}" if units else counted
            return (Trusted(f"{seen}, {matches.calibrated_on(finding)}"),)
        case Verdict.RELATED if same is not None and not finding.families_hit:
            return (Trusted(f"{numbers.hits(same.hits, same.units)} tensors equal bit for bit"),)
        case Verdict.RELATED if finding.families_hit < finding.families_tested:
            families = numbers.hits(finding.families_hit, finding.families_tested)
            return (Trusted(f"{counted}{by_chance(finding)}, in {families} families"),)
        case _ if not counted_any:
            return (Trusted("no units were counted; see the evidence"),)
        case _:
            return (Trusted(f"{counted}{by_chance(finding)}"),)


def in_place(finding: Finding) -> str:
    """Return how many of the units that were looked at lie where the base has them."""
    counted = numbers.hits(finding.units_hit, finding.units_tested)
    lie = "lies" if finding.units_hit == 1 else "lie"
    return f"{counted} sampled units {lie} where the base has them"


def by_chance(finding: Finding) -> str:
    """Return how many would by chance, where that is known."""
    chance = matches.chance_hits(finding)
    return f" (chance: about {numbers.count(chance)})" if chance else ""


def _across_shapes(finding: Finding) -> str | None:
    """Return what neurons of another number showed, in the row that shows most, if any did."""
    if not any(row.test == matches.PRUNED for row in finding.evidence):
        return None
    rows = [row for row in finding.evidence if row.test in {matches.PRUNED, matches.SIGNS}]
    best = max(rows, key=lambda row: row.log10_e)
    counted = numbers.hits(best.hits, best.units)
    if best.test == matches.SIGNS:  # fair coins between strangers
        half = numbers.count(round(best.units / 2))
        return f"{counted} signs of matched neurons agree (chance: about {half})"
    as_chance = ", as by chance" if finding.verdict is Verdict.UNRELATED else ""
    return f"{counted} matched neurons in order{as_chance}"


def similarity_cell(finding: Finding) -> Line:
    """Return how similar the units of both are, or from where on a copy would have been seen."""
    if finding.verdict in matches.MATCHES:
        share = 1.0 if finding.verdict is Verdict.IDENTICAL else finding.kept
        return (Meter(share, Trusted(_with_interval(share, finding.kept_interval))),)
    if finding.verdict is Verdict.UNRELATED and finding.detectable_kept > 0:
        least = numbers.kept(finding.detectable_kept)
        return (Trusted(f"a copy of similarity {least} would show"),)
    # Where values could not be used, the few that could say nothing of the whole.
    told = finding.units_tested and finding.code is not ReasonCode.SUBJECT
    if finding.verdict is Verdict.INCONCLUSIVE and told:
        return (Trusted(_with_interval(finding.kept, finding.kept_interval)),)
    return (Trusted(numbers.NOTHING),)


def _with_interval(value: float, interval: tuple[float, float] | None) -> str:
    """Return a similarity with its interval, unless that says the same three times."""
    shown = numbers.kept(value)
    if interval is None:
        return shown
    low, high = (numbers.kept(end) for end in interval)
    return shown if low == shown == high else f"{shown} (95 %: {low} to {high})"


def tone(report: Report, finding: Finding) -> Tone:
    """Return how one base's verdict stands to what was declared."""
    if finding.verdict in {Verdict.INCONCLUSIVE, Verdict.NOT_TESTED}:
        return Tone.MUTED
    if finding.verdict is Verdict.UNRELATED:
        return Tone.BAD if is_refuted(finding) else Tone.PLAIN
    if finding.declared:
        return Tone.GOOD
    accused = report.verdict in {DeclarationVerdict.UNDECLARED, DeclarationVerdict.CONTRADICTED}
    main = matches.main_match(report)
    return Tone.BAD if accused and main is not None and finding == main else Tone.PLAIN


def relation_words(finding: Finding) -> list[Trusted | Untrusted | Identifier]:
    """Return how two models are related, behind a colon; empty where that was not told."""
    if finding.relation is None:
        return []
    if finding.relation.kind is RelationKind.PARTS:
        return [Trusted(": "), *_matching_parts(finding)]
    words = _RELATION_WORDS[finding.relation.kind]
    if finding.relation.kind is RelationKind.FINE_TUNE and finding.kept < MOVED_FAR:
        words = _CHANGED
    if finding.relation.kind is RelationKind.VOCABULARY_CHANGED and _tokens_stand(finding):
        words = _REBUILT
    share = whole_share(finding)
    if share is not None and finding.relation.kind is RelationKind.MERGE:
        words = f"{numbers.percent(share.share)} of a merge"
    return [Trusted(f": {words}")] if words else []


def _tokens_stand(finding: Finding) -> bool:
    """Return whether of the vocabulary nothing was found to have changed but its embeddings."""
    detail = finding.relation.detail if finding.relation is not None else ()
    return PhraseCode.EMBEDDINGS_REBUILT in codes(detail) and _TOKENS.isdisjoint(codes(detail))


def _matching_parts(finding: Finding) -> list[Trusted | Untrusted | Identifier]:
    """Return which parts match, and of the rest only what was tested of it."""
    detail = sentence(finding.relation.detail) if finding.relation is not None else ""
    names = [
        p.name for p in finding.parts if p.verdict in matches.MATCHES and p.name != matches.BODY
    ]
    if matches.holds_some_orders(finding):
        return [Untrusted(detail, limit=FEW_WORDS)]
    if not names:
        return [Trusted("parts only")]
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    said: list[Trusted | Untrusted | Identifier] = [Untrusted(listed, limit=FEW_WORDS)]
    if matches.holds_tower_alone(finding):
        said.append(Trusted(", all that one of the two holds but heads"))
    elif matches.body_does_not_match(finding):
        said.append(Trusted(" only, the body does not match"))
    elif refuted := matches.refuted_towers(finding):
        said.append(Trusted(", not the "))
        said.append(Untrusted(" and ".join(p.name for p in refuted), limit=FEW_WORDS))
    else:
        said.append(Trusted(", the rest is open"))
    return said
