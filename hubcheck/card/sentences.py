"""Which sentences say what a report found?

The title, the sentence under it and the cells of the first table: what someone reads who reads
nothing else. Each is built from the report's values only, and none says who derived from whom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import numbers
from hubcheck.card.document import Chip, Identifier, Line, Meter, Strong, Tone, Trusted, Untrusted
from hubcheck.verdict.words import DeclarationVerdict, RelationKind, Verdict

if TYPE_CHECKING:
    from hubcheck.verdict.report import Finding, Report

MATCHES: Final = frozenset({Verdict.IDENTICAL, Verdict.RELATED, Verdict.DISGUISED})
NAMES_IN_TITLE: Final = 3
REASONS_SHOWN: Final = 2
LOCAL: Final = "local"
"""The revision of a folder or file."""
FOLDERS_NAMED: Final = 2
"""Parts of a path in a sentence, as many as a name on the Hub has; the whole path is in the replay."""
SHORT_COMMIT: Final = 7
SHORT_REASON: Final = 60
FEW_WORDS: Final = 90
"""Characters of a reason inside a table cell; the whole reason is in its folded section."""

RELATED_MEANS: Final = (
    "Related means derivation in either direction, a common ancestor or a common initialisation; "
    "it does not say who copied whom."
)
WHO: Final = " It does not say who copied whom."

_RELATION_WORDS: Final = {
    RelationKind.IDENTICAL: "",
    RelationKind.RECAST: "same values, stored anew",
    RelationKind.QUANTISED: "quantised",
    RelationKind.FINE_TUNE: "fine-tune",
    RelationKind.VOCABULARY_CHANGED: "vocabulary changed",
    RelationKind.LAYERS_CHANGED: "layers changed",
    RelationKind.WIDTH_CHANGED: "width changed",
    RelationKind.VOCABULARY_CHANGED: "vocabulary changed",
    RelationKind.LAYERS_CHANGED: "layers changed",
    RelationKind.WIDTH_CHANGED: "width changed",
    RelationKind.PARTS: "parts only",
    RelationKind.COMMON_INITIALISATION: "common initialisation",
    RelationKind.REARRANGED: "rearranged",
    RelationKind.UNDETERMINED: "",
}


def title(report: Report) -> Line:
    """Return the title sentence, without the program's name and the verdict in brackets."""
    match report.verdict:
        case DeclarationVerdict.CONFIRMED:
            return _confirmed_title(report)
        case DeclarationVerdict.CONTRADICTED:
            return _contradicted_title(report)
        case DeclarationVerdict.UNDECLARED:
            return _undeclared_title(report)
        case DeclarationVerdict.NONE_FOUND:
            return _none_found_title(report)
        case DeclarationVerdict.INCONCLUSIVE:
            return _inconclusive_title(report)


def lead(report: Report) -> Line:
    """Return the sentence under the title: how sure it is, or what is missing."""
    match report.verdict:
        case DeclarationVerdict.NONE_FOUND:
            return _absence(report, tested(report), "No match beyond chance.")
        case DeclarationVerdict.INCONCLUSIVE:
            return (_strong(_inconclusive_lead(report)),)
        case DeclarationVerdict.CONTRADICTED if main_match(report) is None:
            refuted = tuple(f for f in declared(report) if f.verdict is Verdict.UNRELATED)
            return _absence(report, refuted, "The agreement is what chance gives.")
        case _:
            found = main_match(report)
            if found is None:
                return (_strong("See the table for what was found about each base."),)
            return (_strong(match_sentence(found) + WHO),)


def match_sentence(finding: Finding) -> str:
    """Return how likely this match is by chance, in one sentence."""
    if is_relation(finding, RelationKind.COMMON_INITIALISATION):
        return (
            "The starting values agree, what was learned does not: "
            "a common initialisation, no sign of copied training."
        )
    if finding.verdict is Verdict.IDENTICAL and finding.log10_p > numbers.FLOOR_LOG10:
        return "The weights are the same, value for value."
    kind = "calibrated" if finding.verdict is Verdict.DISGUISED else "exact"
    return f"A match like this by chance: {numbers.chance(finding.log10_p)} ({kind})."


def tested(report: Report) -> tuple[Finding, ...]:
    """Return the findings about bases whose weights were compared."""
    return tuple(f for f in report.findings if f.status == "tested")


def declared(report: Report) -> tuple[Finding, ...]:
    """Return the findings about declared bases."""
    return tuple(f for f in report.findings if f.declared)


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


def _weakness(finding: Finding) -> int:
    weak = (RelationKind.PARTS, RelationKind.COMMON_INITIALISATION)
    return next((i for i, kind in enumerate(weak, 1) if is_relation(finding, kind)), 0)


def is_relation(finding: Finding, kind: RelationKind) -> bool:
    """Return whether the finding's relation is of ``kind``."""
    return finding.relation is not None and finding.relation.kind is kind


def is_framed(finding: Finding) -> bool:
    """Return whether the order of the units agrees and their content does not."""
    return finding.verdict is Verdict.INCONCLUSIVE and "relabelled to match" in finding.reason


def appeared_later(report: Report, finding: Finding) -> bool:
    """Return whether a base first appeared after the subject, as far as both dates are known."""
    ours, theirs = report.subject.created, finding.base.created
    return bool(ours and theirs) and theirs > ours


def is_gated(finding: Finding) -> bool:
    """Return whether a base was left untested because its owner has to grant access."""
    return finding.status == "not-tested" and "gated" in finding.reason.lower()


def pinned(ref: str, revision: str) -> Identifier:
    """Return a model with its short commit; a folder has none."""
    return Identifier(f"{ref}@{short(revision)}" if is_commit(revision) else name(ref, revision))


def name(ref: str, revision: str) -> str:
    """Return how a model is called in a sentence: a folder by the end of its path."""
    parts = ref.replace("\\", "/").split("/")
    if revision != LOCAL or len(parts) <= FOLDERS_NAMED:
        return ref
    return "/".join(["…", *parts[-FOLDERS_NAMED:]])


def is_commit(revision: str) -> bool:
    """Return whether ``revision`` is a commit's hex digest."""
    return len(revision) > SHORT_COMMIT and set(revision) <= set("0123456789abcdef")


def short(revision: str) -> str:
    """Return the short form of a commit; anything else as it is."""
    return revision[:SHORT_COMMIT] if is_commit(revision) else revision


def why_cell(finding: Finding) -> Line:
    """Return why this base was tested."""
    reasons = finding.proposed_by[:REASONS_SHOWN]
    parts: list[Trusted | Untrusted] = []
    for reason in reasons:
        if parts:
            parts.append(Trusted(", "))
        parts.append(Untrusted(reason, limit=FEW_WORDS))
    more = len(finding.proposed_by) - len(reasons)
    if more > 0:
        parts.append(Trusted(f" and {more} more"))
    return tuple(parts) or (Trusted(numbers.NOTHING),)


def verdict_cell(report: Report, finding: Finding) -> Line:
    """Return the verdict about one base, with its relation where there is one."""
    content: list[Trusted | Untrusted | Identifier] = [Trusted(finding.verdict.value)]
    if finding.verdict in {Verdict.RELATED, Verdict.DISGUISED}:
        content += _relation_words(finding)
    chip = Chip(tuple(content), tone(report, finding))
    if finding.explained_by is not None:
        explained = (Trusted(" (explained by "), Identifier(finding.explained_by), Trusted(")"))
        return (chip, *explained)
    return (chip,)


def evidence_cell(finding: Finding) -> Line:
    """Return the count behind the verdict, or the reason why there is none."""
    counted = numbers.hits(finding.units_hit, finding.units_tested)
    reason = Untrusted(_few_words(finding.reason), limit=FEW_WORDS)
    match finding.verdict:
        case Verdict.NOT_TESTED:
            return (reason,) if finding.reason else (Trusted("no reason given"),)
        case Verdict.INCONCLUSIVE if finding.units_tested and finding.reason:
            return (Trusted(f"{counted}, "), reason)
        case Verdict.INCONCLUSIVE if not finding.units_tested:
            return (reason,) if finding.reason else (Trusted("too little to decide"),)
        case Verdict.UNRELATED:
            return (Trusted(f"{counted} (1 per family by chance)"),)
        case Verdict.IDENTICAL if not finding.units_tested:
            return (Trusted("same files, by digest"),)
        case _:
            return (Trusted(counted),)


def _few_words(reason: str) -> str:
    return reason if len(reason) <= SHORT_REASON else reason.partition(": ")[0]


def kept_cell(finding: Finding) -> Line:
    """Return how much of the base is still there, or what would have been seen."""
    if finding.verdict in MATCHES:
        share = 1.0 if finding.verdict is Verdict.IDENTICAL else finding.kept
        return (Meter(share, Trusted(numbers.kept(share))),)
    if finding.verdict is Verdict.UNRELATED and finding.detectable_kept > 0:
        return (Trusted(f"a copy keeping {numbers.kept(finding.detectable_kept)} would show"),)
    if finding.verdict is Verdict.INCONCLUSIVE and finding.units_tested:
        return (Trusted(numbers.kept(finding.kept)),)
    return (Trusted(numbers.NOTHING),)


def tone(report: Report, finding: Finding) -> Tone:
    """Return how one base's verdict stands to what was declared."""
    if finding.verdict in {Verdict.INCONCLUSIVE, Verdict.NOT_TESTED}:
        return Tone.MUTED
    if finding.verdict is Verdict.UNRELATED:
        return Tone.BAD if finding.declared else Tone.PLAIN
    if finding.declared:
        return Tone.GOOD
    accused = report.verdict in {DeclarationVerdict.UNDECLARED, DeclarationVerdict.CONTRADICTED}
    main = main_match(report)
    return Tone.BAD if accused and main is not None and finding == main else Tone.PLAIN


def _relation_words(finding: Finding) -> list[Trusted | Untrusted | Identifier]:
    if finding.relation is None:
        return []
    if finding.relation.kind is RelationKind.PARTS:
        return [Trusted(": "), *_matching_parts(finding)]
    words = _RELATION_WORDS[finding.relation.kind]
    return [Trusted(f": {words}")] if words else []


def _matching_parts(finding: Finding) -> list[Trusted | Untrusted | Identifier]:
    names = [part.name for part in finding.parts if part.verdict in MATCHES]
    if not names:
        return [Trusted("parts only, the body does not match")]
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return [Untrusted(listed, limit=FEW_WORDS), Trusted(" only, the body does not match")]


def _confirmed_title(report: Report) -> Line:
    bases = declared(report)
    found = main_match(report)
    if found is not None and len(bases) == 1:
        if is_relation(found, RelationKind.COMMON_INITIALISATION):
            begin = "the weights share their initialisation with the declared base "
        elif is_relation(found, RelationKind.PARTS):
            begin = "parts of the weights match the declared base "
        elif found.verdict is Verdict.IDENTICAL:
            begin = "the weights are identical to the declared base "
        else:
            begin = "the weights match the declared base "
        return (Trusted(begin), _called(found))
    return (Trusted("the weights match every declared base: "), *_names(bases))


def _contradicted_title(report: Report) -> Line:
    refuted = tuple(f for f in declared(report) if f.verdict is Verdict.UNRELATED)
    begin = (*_declaration(refuted), *_names(refuted))
    found = main_match(report)
    if found is None:
        them = "it" if len(refuted) <= 1 else "them"
        return (*begin, Trusted(f", the weights do not match {them}"))
    return (*begin, Trusted(f", {_subject(found)} match "), _called(found))


def _undeclared_title(report: Report) -> Line:
    found = main_match(report)
    target = (_called(found),) if found else (Trusted("a tested base"),)
    subject = _subject(found) if found else "the weights"
    bases = declared(report)
    if not bases:
        return (Trusted(f"the card declares no base, {subject} match "), *target)
    also = "also match" if any(f.verdict in MATCHES for f in bases) else "match"
    return (*_declaration(bases), *_names(bases), Trusted(f", {subject} {also} "), *target)


def _none_found_title(report: Report) -> Line:
    bases = tested(report)
    begin = "the card declares no base, and the weights "
    if len(bases) == 1:
        return (Trusted(begin + "do not match the one tested, "), _called(bases[0]))
    return (Trusted(f"{begin}match none of the {len(bases)} tested"),)


def _inconclusive_title(report: Report) -> Line:
    bases = declared(report)
    if not report.findings:
        return (Trusted("no base is declared and none was tested, so nothing can be said"),)
    open_bases = tuple(f for f in bases or report.findings if f.verdict not in MATCHES)
    found = main_match(report)
    if found is not None and (not bases or not open_bases):
        return _partly_title(report, found)
    names = _names(open_bases)
    kind = "declared base" if bases else "tested base"
    kind += "s" if len(open_bases) > 1 else ""
    if all(f.status == "not-tested" for f in open_bases):
        return (Trusted(f"the {kind} "), *names, Trusted(" could not be tested"))
    return (Trusted(f"the evidence on the {kind} "), *names, Trusted(" does not decide"))


def _partly_title(report: Report, found: Finding) -> Line:
    called = _called(found)
    if is_relation(found, RelationKind.COMMON_INITIALISATION):
        return (Trusted("the weights share only their initialisation with "), called)
    if is_relation(found, RelationKind.PARTS):
        return (
            Trusted("parts of the weights match "),
            called,
            Trusted(", the body does not"),
        )
    later = ", which appeared later" if appeared_later(report, found) else ""
    return (Trusted("the weights match "), called, Trusted(later))


def _inconclusive_lead(report: Report) -> str:
    if not report.findings:
        return "Nothing is wrong; there was nothing to compare with."
    if any(is_framed(f) for f in report.findings):
        return (
            "The order of the units agrees, their content does not. Anyone who holds both models "
            "can make that, so it proves nothing."
        )
    found = main_match(report)
    if found is not None and all(f.verdict in MATCHES for f in declared(report)):
        return match_sentence(found) + WHO
    if not tested(report):
        return "No weights were compared: neither a match nor its absence is shown."
    return "Neither a match nor its absence is shown."


def _absence(report: Report, findings: tuple[Finding, ...], begin: str) -> Line:
    floors = [f.detectable_kept for f in findings]
    if not floors or min(floors) <= 0:
        return (_strong(begin),)
    power = f"A copy keeping {numbers.kept(max(floors))} or more would have been seen"
    everywhere = all("in any layer" in f.power for f in findings)
    layers = "." if everywhere else " in these layers."
    return (_strong(f"{begin} {power}{layers}"),)


def _declaration(findings: tuple[Finding, ...]) -> Line:
    only_named = all(set(f.proposed_by) <= {"--base"} for f in findings)
    return (Identifier("--base"), Trusted(" says ")) if only_named else (Trusted("the card says "),)


def _subject(finding: Finding) -> str:
    return "parts of the weights" if is_relation(finding, RelationKind.PARTS) else "the weights"


def _names(findings: tuple[Finding, ...]) -> Line:
    parts: list[Trusted | Identifier] = []
    for finding in findings[:NAMES_IN_TITLE]:
        if parts:
            parts.append(Trusted(", "))
        parts.append(_called(finding))
    more = len(findings) - NAMES_IN_TITLE
    if more > 0:
        parts.append(Trusted(f" and {more} more"))
    return tuple(parts) or (Trusted("none"),)


def _called(finding: Finding) -> Identifier:
    return Identifier(name(finding.base.ref, finding.base.revision))


def _strong(text: str) -> Strong:
    return Strong((Trusted(text),))
