"""Which sentences say what a report found?

The title and the sentence under it: what someone reads who reads nothing else. Each is built from
the report's values only, and none says who derived from whom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import (
    asked_catalogue,
    first_table,
    kin,
    layers_apart,
    matches,
    names,
    nothing_compared,
    numbers,
    ruled_out,
    why_open,
)
from hubcheck.card.chance_sentence import WHO, match_sentence
from hubcheck.card.document import Identifier, Line, Strong, Trusted, Untrusted
from hubcheck.report.standing import PROPOSED, UPSTREAM, is_refuted
from hubcheck.report.thresholds import ENOUGH
from hubcheck.report.words import (
    DeclarationVerdict,
    ReasonCode,
    RelationKind,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubcheck.report.schema import Finding, PartVerdict, Report

UNREACHED: Final = frozenset({ReasonCode.UNREACHABLE, ReasonCode.BROKEN_OFF})
"""Why something was not looked at that another run may look at."""
RELATED_MEANS: Final = (
    "Related means derivation in either direction, a common ancestor or a common initialisation; "
    "it does not say who copied whom."
)

UNDONE: Final = " once a disguise is undone"
ONE_TOWER: Final = "; one of the two models holds nothing else but heads"
NOT_FROM_SCRATCH: Final = (
    " It does not mean trained from scratch: other bases were not tested, and distillation leaves "
    "no trace in weights."
)
THE_REST: Final = (
    "The table says what matches; of the rest neither a match nor its absence is shown."
)
UNLESS: Final = "unless it was shuffled and rotated"
"""What the planted copies say nothing of; the evidence says whether such a one was looked for."""
NOT_ON_PURPOSE: Final = " It does not say that the name was wrong on purpose."


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
    begin = (*ruled_out.line(report), *_lead(report), *kin.beyond_kinship(report))
    return (*begin, *_upstream(report), *kin.undated(report))


def _lead(report: Report) -> Line:
    match report.verdict:
        case DeclarationVerdict.NONE_FOUND:
            absent = _absence(matches.tested(report), "No match beyond chance.")
            return (*absent, *asked_catalogue.beyond(report), Trusted(NOT_FROM_SCRATCH))
        case DeclarationVerdict.INCONCLUSIVE:
            return (_strong(_inconclusive_lead(report)),)
        case DeclarationVerdict.CONTRADICTED if matches.main_match(report) is None:
            refuted = tuple(f for f in matches.declared(report) if is_refuted(f))
            absent = _absence(refuted, "The agreement is what chance gives.")
            return (*absent, Trusted(NOT_ON_PURPOSE))
        case _:
            found = matches.main_match(report)
            if found is None:
                return (_strong("See the table for what was found about each base."),)
            return (_strong(match_sentence(found) + WHO),)


def _upstream(report: Report) -> Line:
    """Return that a declared base itself matches a model that neither names (DESIGN 13.1)."""
    found = next((f for f in report.findings if f.upstream and f.explained_by is not None), None)
    if found is None:
        return ()
    return (
        Trusted(" The declared base "),
        Identifier(found.explained_by or ""),
        Trusted(" itself matches "),
        _called(found),
        Trusted(f", and neither names the other: {UPSTREAM}, about that base's card."),
    )


def _confirmed_title(report: Report) -> Line:
    bases = matches.declared(report)
    found = matches.main_match(report)
    kind = matches.kind_of(report, bases)
    if found is not None and len(bases) == 1:
        if matches.is_relation(found, RelationKind.COMMON_INITIALISATION):
            begin = f"the weights share their initialisation with the {kind} "
        elif matches.holds_tower_alone(found):
            part = Trusted(f"{matches.one_part(found)} matches the {kind} ")
            return (part, *_match(found), Trusted(ONE_TOWER))
        elif matches.is_relation(found, RelationKind.PARTS):
            begin = f"parts of the weights match the {kind} "
        elif found.verdict is Verdict.IDENTICAL:
            begin = f"the weights are identical to the {kind} "
        else:
            begin = f"the weights match the {kind} "
        return (Trusted(begin), *_match(found))
    return (Trusted(f"the weights match every {kind}: "), *names.of_bases(bases))


def _contradicted_title(report: Report) -> Line:
    refuted = tuple(f for f in matches.declared(report) if is_refuted(f))
    begin = (*first_table.says(report, refuted), *names.of_bases(refuted))
    found = matches.main_match(report)
    if found is None:
        them = "it" if len(refuted) <= 1 else "them"
        return (*begin, Trusted(f", the weights do not match {them}"))
    return (*begin, Trusted(f", {_subject(found)} match "), *_match(found))


def _undeclared_title(report: Report) -> Line:
    found = matches.main_match(report)
    target = _match(found) if found else (Trusted("a tested base"),)
    subject = _subject(found) if found else "the weights"
    bases = matches.declared(report)
    if not bases:
        return (Trusted(f"the card declares no base, {subject} match "), *target)
    if any(f.verdict in matches.MATCHES for f in bases):
        return (
            *first_table.says(report, bases),
            *names.of_bases(bases),
            Trusted(f", {subject} also match "),
            *target,
        )
    # The declared base was not reached or not decided: it is neither found nor refuted.
    begin = (*first_table.says(report, bases), *names.of_bases(bases), Trusted(" (not settled), "))
    return (*begin, Trusted(f"{subject} match "), *target)


def _none_found_title(report: Report) -> Line:
    bases = matches.tested(report)
    begin = "the card declares no base, and the weights "
    if len(bases) == 1:
        return (Trusted(begin + "do not match the one tested, "), _called(bases[0]))
    return (Trusted(f"{begin}match none of the {len(bases)} tested"),)


def _inconclusive_title(report: Report) -> Line:
    bases = matches.declared(report)
    if not matches.tested(report):
        return nothing_compared.title(report)
    open_bases = tuple(f for f in bases or report.findings if f.verdict not in matches.MATCHES)
    found = matches.main_match(report)
    if found is not None and not (bases and open_bases):
        return _partly_title(report, found)
    listed = names.of_bases(open_bases)
    if all(f.taught for f in open_bases):
        return (Trusted("no weights of "), *listed, Trusted(" are claimed, and none were found"))
    if len(open_bases) == 1 and matches.rest_is_open(open_bases[0]):
        return (Trusted("parts of the weights match "), *listed, Trusted(", the rest is open"))
    kind = matches.kind_of(report, bases) if bases else "tested base"
    kind += "s" if len(open_bases) > 1 else ""
    if all(f.status == "not-tested" for f in open_bases):
        return nothing_compared.untested(kind, listed)
    return (Trusted(f"the evidence on the {kind} "), *listed, Trusted(" does not decide"))


def _partly_title(report: Report, found: Finding) -> Line:
    called = _called(found)
    if matches.is_relation(found, RelationKind.COMMON_INITIALISATION):
        return (Trusted("the weights share only their initialisation with "), called)
    if matches.holds_tower_alone(found):
        return (Trusted(f"{matches.one_part(found)} matches "), called, Trusted(ONE_TOWER))
    other = matches.open_towers(found)
    if (
        matches.is_relation(found, RelationKind.PARTS)
        and matches.holds_some_orders(found)
        and other
    ):
        return (Trusted("the body matches "), called, Trusted(", not the "), _part_names(other))
    if matches.is_relation(found, RelationKind.PARTS):
        begin = (Trusted("parts of the weights match "), called)
        return (*begin, *_rest_of(found))
    proposed = found.found_by in PROPOSED and not found.declared
    if proposed and not matches.holds_other_layers(found):
        undated = Trusted(f", which {kin.proposer(found)} proposed; which came first is not known")
        return (Trusted("the weights match "), *_match(found), undated)
    # What was compared and does not match is told before how much was compared.
    for one in matches.declared(report):
        refuted = matches.refuted_towers(one)
        if refuted:
            return (*_body_matches(one), Trusted(", not the "), _part_names(refuted))
    if matches.holds_other_layers(found):
        return layers_apart.title(found, called)
    least = _least_compared(report)
    if least is not None:
        share = Trusted(f" in the {numbers.percent(least.compared)} of the parameters compared")
        return (Trusted("the weights match "), *_match(least), share)
    for one in matches.declared(report):
        towers = matches.open_towers(one)
        if towers:
            return (*_body_matches(one), Trusted(", not settled: the "), _part_names(towers))
    return (Trusted("the weights match "), *_match(found))


def _body_matches(one: Finding) -> Line:
    """Return that a base matches, and its body alone where it has one."""
    body = any(p.name == matches.BODY for p in one.parts)
    return (Trusted("the body matches " if body else "the weights match "), *_match(one))


def _rest_of(found: Finding) -> Line:
    """Return what is known of the rest of a base of which parts match."""
    if matches.holds_some_orders(found):
        return (Trusted(", most of the body does not"),)
    if matches.body_does_not_match(found):
        return (Trusted(", the body does not"),)
    refuted = matches.refuted_towers(found)
    if refuted:
        return (Trusted(", not the "), _part_names(refuted))
    return (Trusted(", the rest is open"),)


def _part_names(towers: Sequence[PartVerdict]) -> Untrusted:
    return Untrusted(" and ".join(t.name for t in towers), limit=60)


def _least_compared(report: Report) -> Finding | None:
    """Return the declared match of which least was compared, where that keeps the card open."""
    short = [
        f for f in matches.declared(report) if f.verdict is Verdict.RELATED and f.compared < ENOUGH
    ]
    return min(short, key=lambda f: f.compared, default=None)


def _inconclusive_lead(report: Report) -> str:
    if any(matches.is_framed(f) for f in report.findings):
        return why_open.plainly(next(f for f in report.findings if matches.is_framed(f)))
    if any(matches.rest_is_open(f) for f in report.findings):
        return THE_REST + WHO
    bases = matches.declared(report)
    if any(f.taught for f in bases):
        return matches.NONE_CLAIMED if all(f.taught for f in bases) else matches.SOME_TAUGHT
    found = matches.main_match(report)
    if found is not None and all(f.verdict in matches.MATCHES for f in bases):
        return match_sentence(found) + WHO
    if not matches.tested(report):
        none = "No weights were compared: neither a match nor its absence is shown."
        return none + why_open.NO_SUSPICION
    if found is not None:
        return THE_REST + WHO
    left = [f for f in bases or report.findings if f.verdict is Verdict.INCONCLUSIVE]
    said = {why_open.plainly(f) for f in left}
    if len(said) == 1 and (plain := said.pop()):
        return plain
    return "Neither a match nor its absence is shown." + why_open.NO_SUSPICION


def _absence(findings: tuple[Finding, ...], begin: str) -> Line:
    floors = [f.detectable_kept for f in findings]
    if not floors or min(floors) <= 0:
        return (_strong(begin),)
    cut = any(f.power is not None and f.power.other_shape for f in findings)
    copy = "A copy cut to these sizes and" if cut else "A copy"
    power = f"{copy} of similarity {numbers.kept(max(floors))} or more would have been seen"
    everywhere = all(f.power is not None and f.power.searched for f in findings)
    layers = "" if everywhere else " in these layers"
    return (_strong(f"{begin} {power}{layers}, {UNLESS}."),)


def _subject(finding: Finding) -> str:
    if matches.is_relation(finding, RelationKind.PARTS):
        return "parts of the weights"
    return "layers of the weights" if matches.holds_other_layers(finding) else "the weights"


def _called(finding: Finding) -> Identifier:
    return Identifier(names.called(finding.base))


def _match(finding: Finding) -> Line:
    """Return the name of a base that matches, and whether anything had to be undone first."""
    called = _called(finding)
    return (called, Trusted(UNDONE)) if finding.verdict is Verdict.DISGUISED else (called,)


def _strong(text: str) -> Strong:
    return Strong((Trusted(text),))


def same_numbers(report: Report) -> str:
    """Return what a replay must give: what was not reached, it may reach."""
    unreached = any(f.code in UNREACHED for f in report.findings)
    return "must give the same numbers" + (
        ", unless it reaches what was not reached" if unreached else ""
    )
