"""What can the reader do now?

One short line of concrete actions, most likely first. An honest publisher, a wrong tool and a known
exception each get a way out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import first_table, matches, names
from hubcheck.card.document import Identifier, Line, NextSteps, Trusted, Untrusted
from hubcheck.card.escaping import yaml_value
from hubcheck.card.wording import words
from hubcheck.report.hints import BY_THE_USER
from hubcheck.report.phrases import PhraseCode
from hubcheck.report.standing import PROPOSED, is_refuted
from hubcheck.report.thresholds import ENOUGH
from hubcheck.report.words import (
    Conclusion,
    DeclarationVerdict,
    Depth,
    NothingCompared,
    ReasonCode,
    Verdict,
)

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report

DEEPER: Final = {Depth.HEADERS: Depth.SAMPLE, Depth.SAMPLE: Depth.DEEP}
"""What to read next. A depth enters here when the program has it: no step may end in a refusal."""

REPLAY: Final = "hubcheck replay report.json"
_WRONG: Final[Line] = (Trusted("wrong? "), Identifier(REPLAY))
_MEND: Final[Line] = (Trusted("mend the weights: the warnings say what in them could not be read"),)
_ACCEPTED: Final[Line] = (Trusted("accepted? allow it, with a reason"),)


def next_steps(report: Report) -> NextSteps:
    """Return the actions that fit the declaration verdict."""
    if _is_damaged(report):
        return NextSteps(steps=(_MEND,))
    match report.verdict:
        case DeclarationVerdict.CONFIRMED:
            return NextSteps(steps=((Trusted("nothing to do"),),))
        case DeclarationVerdict.CONTRADICTED:
            steps = (_correct(report), *_prove(report), _WRONG, _ACCEPTED)
            return NextSteps(steps=steps)
        case DeclarationVerdict.UNDECLARED:
            steps = (_declare(report), *_prove(report), _WRONG, _ACCEPTED)
            return NextSteps(steps=steps)
        case DeclarationVerdict.NONE_FOUND:
            more = "hubcheck check SUBJECT --suspect ORG/NAME"
            step = (Trusted("nothing to do; to test another base: "), _command(report, more))
            return NextSteps(steps=(step,))
        case DeclarationVerdict.INCONCLUSIVE:
            return NextSteps(steps=_decide(report))


def _is_damaged(report: Report) -> bool:
    """Return whether some values of the subject are no numbers, and that is what has to be mended.

    Beside an answer about the rest, or where it is why there is none: reading more of them decides
    nothing.
    """
    answered = report.verdict in {DeclarationVerdict.CONFIRMED, DeclarationVerdict.NONE_FOUND}
    kept = any(f.code is ReasonCode.SUBJECT and f.status == "tested" for f in report.findings)
    undecided = report.verdict is DeclarationVerdict.INCONCLUSIVE and kept
    if not (answered or undecided) or report.conclusion is Conclusion.PASS:
        return False
    return any(said.code is PhraseCode.SUBJECT_FAILED for said in report.warnings)


def _correct(report: Report) -> Line:
    refuted = [f for f in matches.declared(report) if is_refuted(f)]
    places = (p for f in refuted for p in f.proposed_by if p not in BY_THE_USER)
    place = next(places, None)
    if place is None:
        return (Trusted("right? correct the base that was named"),)
    return (Trusted("right? change "), Untrusted(words(place), limit=first_table.FEW_WORDS))


def _declare(report: Report) -> Line:
    found = matches.main_match(report)
    if found is None or found.base.belongs:  # what is only proposed to a model is no base of it
        return (Trusted("right? declare the base in the card"),)
    value = yaml_value(names.declared_as(found.base))
    if any(f.verdict in matches.MATCHES for f in matches.declared(report)):
        return (Trusted("right? add "), Identifier(value), Trusted(" to the declared bases"))
    return (Trusted("right? put "), Identifier(f"base_model: {value}"), Trusted(" in the card"))


def _prove(report: Report) -> tuple[Line, ...]:
    """Return how to get from a calibrated bound to an exact one, where that may be possible."""
    found = matches.main_match(report)
    deeper = DEEPER.get(report.depth)
    if found is None or found.verdict is not Verdict.DISGUISED or deeper is None:
        return ()
    command = _command(report, f"hubcheck check SUBJECT --depth {deeper.value}")
    return ((Trusted("calibrated, not proven; read more: "), command),)


def _decide(report: Report) -> tuple[Line, ...]:
    match report.nothing_compared:
        case NothingCompared.WEIGHTS_BELOW:
            return (_below(report),)
        case NothingCompared.NO_WEIGHTS:
            return ((Trusted("name the folder or the revision that holds the weights"),),)
        case NothingCompared.NO_CONTENT:
            return ((Trusted("fetch the large files: "), Identifier("git lfs pull")),)
        case NothingCompared.NOT_READABLE:
            return ((Trusted("the warnings say what could not be read"),),)
        case _:
            return _decide_by_bases(report)


def _below(report: Report) -> Line:
    """Return how to name the first of the folders that hold weights."""
    folder = next(iter(names.folders_with_weights(report)), "")
    local = report.subject.revision == names.LOCAL
    begin = (Trusted("name the folder that holds the model"),)
    if not folder or not _is_plain(folder):
        return begin
    joined = "" if report.subject.ref == "." else "/" if local else ":"
    ref = f"SUBJECT{joined}{folder}" if joined else folder
    return (*begin, Trusted(": "), _command(report, f"hubcheck check {ref}"))


def _decide_by_bases(report: Report) -> tuple[Line, ...]:
    if not report.findings:
        name = _command(report, "hubcheck check SUBJECT --base ORG/NAME")
        return ((Trusted("name a base: "), name),)
    steps: list[Line] = []
    if any(matches.is_gated(f) for f in report.findings):
        steps.append(
            (
                Trusted("ask the owner for access, then run again with "),
                Identifier("HF_TOKEN"),
                Trusted(" set"),
            )
        )
    if any(matches.is_framed(f) for f in report.findings):
        steps.append((Trusted("do not act on this result alone"),))
    if any(f.code is ReasonCode.UNREACHABLE for f in report.findings):
        steps.append((Trusted("run it again once the host answers"),))
    broken = {matches.cause_of_break(f) for f in report.findings} - {""}
    if broken:
        # A fault of hubcheck on the same weights comes again; a host may answer the next time.
        again = "report the fault" if "fault" in broken else "run it again once the host answers"
        steps.append((Trusted(again),))
    if any(f.code is ReasonCode.MISSING for f in report.findings):
        steps.append(
            (
                Trusted("check the name; of a private base, run again with "),
                Identifier("HF_TOKEN"),
                Trusted(" set"),
            )
        )
    if any(matches.needs_more_bytes(f) for f in report.findings):
        steps.append((Trusted("allow more to be read: "), Identifier("--max-read")))
    deeper = DEEPER.get(report.depth)
    if deeper is not None and any(_could_decide(report, f) for f in report.findings):
        command = _command(report, f"hubcheck check SUBJECT --depth {deeper.value}")
        steps.append((Trusted("read more: "), command))
    if steps:
        return tuple(steps)
    found = matches.main_match(report)
    if found is not None and found.found_by in PROPOSED and not found.declared:
        return ((Trusted("yours came first? nothing to do; made from it? declare it"),), _WRONG)
    if found is not None and found.declared and found.compared < ENOUGH:
        return ((Trusted("see in the evidence what was not compared"),), _WRONG)
    if found is not None and found.declared:
        return ((Trusted("right? name in the card what was reused"),), _WRONG)
    if found is not None and not matches.declared(report):
        return ((Trusted("right? say so in the card"),), _WRONG)
    other = _command(report, "hubcheck check SUBJECT --suspect ORG/NAME")
    return ((Trusted("see the reason in the table"),), (Trusted("test another base: "), other))


def _could_decide(report: Report, finding: Finding) -> bool:
    unread = report.depth is Depth.HEADERS and finding.status == "not-tested"
    # More of a head says nothing more: it has no body. What was broken off is tried again as it is.
    if finding.code in {ReasonCode.HEAD_ALONE, ReasonCode.BROKEN_OFF}:
        return False
    return finding.verdict is Verdict.INCONCLUSIVE or (unread and not matches.is_gated(finding))


def _command(report: Report, template: str) -> Identifier:
    ref = report.subject.ref
    # A name that a shell would read as more than a name is never put into a line to be pasted.
    return Identifier(template.replace("SUBJECT", ref, 1) if _is_plain(ref) else template)


def _is_plain(text: str) -> bool:
    plain = text.isascii() and all(c.isalnum() or c in "._/@-" for c in text)
    return bool(text) and plain and not text.startswith("-")
