"""What may be shown of a report that someone else's run made?

Numbers, words of our own vocabulary, repository names and commits. Every free text is dropped, even
though the card would escape it: a fork must not get a sentence into our comment. What is left is
bounded, and says nothing that a reader could take for more than a claim.
"""

from __future__ import annotations

import math
import re
from typing import Final

from pydantic import ValidationError

from hubcheck.card import names
from hubcheck.errors import UsageError, printable
from hubcheck.report.hints import BASE, SUSPECT, at_file, at_key, at_line
from hubcheck.report.load import LargeNumberError, report_in
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.report.schema import (
    BaseModelRef,
    Context,
    Controls,
    Coverage,
    Declared,
    DeclaredPlace,
    Evidence,
    Finding,
    Licence,
    PartVerdict,
    Policy,
    Relation,
    Report,
    Subject,
    Tool,
    UnreadWeights,
)
from hubcheck.source.reference import is_repo_id
from hubcheck.verdict.policy import FAILABLE

MAX_BYTES: Final = 4_000_000
"""Bytes of a report from a fork; one of twenty bases has well under one million."""
MAX_FINDINGS: Final = 40
MAX_EVIDENCE: Final = 400
MAX_PARTS: Final = 16
MAX_UNREAD: Final = 1000
LARGEST: Final = 10**16
"""Bytes, parameters, hits: ten petabytes are above anything that is published."""

_REASONS: Final = frozenset(
    {BASE, SUSPECT, at_file("adapter_config.json"), at_key("config.json", "_name_or_path")}
)
_LAST_LINE: Final = 999_999
_TESTS: Final = frozenset(
    {"channels", "neurons", "experts", "heads", "vo-dimensions", "reserved-tokens", "signs"}
)
_FRAMES: Final = frozenset({"raw", "token", "raw+token", ""})
_PARTS: Final = frozenset({"body", "embeddings", "norms", "head"})
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")
_VERSION: Final = re.compile(r"\d{1,4}(?:\.\d{1,4}){0,3}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_PROPOSAL: Final = re.compile(r"refs/pr/\d{1,6}")
_REF: Final = re.compile(
    rf"{_PROPOSAL.pattern}|main|[0-9a-f]{{40}}|v?\d{{1,4}}(?:\.\d{{1,4}}){{0,3}}"
)
"""Revisions that are no sentence: a pull request, a commit, a version."""
UNNAMED: Final = "a-model-whose-name-cannot-be-shown"


def read_stranger(data: bytes) -> Report:
    """Return what may be shown of a report made elsewhere.

    Raises:
        UsageError: it is too large, or not a report.
    """
    if len(data) > MAX_BYTES:
        what = f"The report of the first stage has {len(data)} bytes."
        raise UsageError(what, cause="it is no report of hubcheck.", next_step="check again.")
    try:
        report = report_in(data)
    except (ValidationError, LargeNumberError, RecursionError) as error:
        where = "the top level"
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or where
        raise UsageError(
            f"The report of the first stage does not fit the schema at {printable(where)}.",
            cause="another version of hubcheck wrote it, or something else did.",
            next_step="use one version of the action in both workflows.",
        ) from error
    return without_free_text(report)


def without_free_text(report: Report) -> Report:
    """Return the report with every text removed that is not one of ours."""
    return Report(
        tool=Tool(version=_fits(_VERSION, report.tool.version, "0")),
        started=_fits(_TIME, report.started),
        finished=_fits(_TIME, report.finished),
        depth=report.depth,
        seed=min(report.seed, 2**63),
        processes=min(report.processes, 10**6),
        subject=Subject(
            ref=_name(report.subject.ref, report.subject.revision),
            revision=_revision(report.subject.revision),
            created="",
            weights_digest=_fits(_DIGEST, report.subject.weights_digest),
            # That something was not read is said, and how much: not its names.
            unread=tuple(
                UnreadWeights(path="", size=_amount(f.size), sha256="", why="")
                for f in report.subject.unread[:MAX_UNREAD]
            ),
        ),
        declared=Declared(
            bases=tuple(b for b in report.declared.bases[:MAX_FINDINGS] if _is_plain_id(b)),
            places=tuple(
                DeclaredPlace(base=p.base, where=p.where, line=_amount(p.line))
                for p in report.declared.places[:MAX_FINDINGS]
                if _is_plain_id(p.base) and _is_ours(p.where)
            ),
        ),
        findings=tuple(_finding(f) for f in report.findings[:MAX_FINDINGS]),
        context=Context(),
        verdict=report.verdict,
        conclusion=report.conclusion,
        nothing_compared=report.nothing_compared,
        accepted=tuple(a for a in report.accepted[:MAX_FINDINGS] if _is_plain_id(a)),
        policy=Policy(fail_on=tuple(w for w in report.policy.fail_on[:20] if w in FAILABLE)),
        coverage=Coverage(
            bytes_read=_amount(report.coverage.bytes_read),
            bytes_total=_amount(report.coverage.bytes_total),
            requests=_amount(report.coverage.requests),
            parameters_mapped=report.coverage.parameters_mapped,
        ),
        licence=Licence(),
        # What a stranger names is no place to send a reader to.
        public_hub=False,
        max_read=_amount(report.max_read),
        seconds=min(max(_finite(report.seconds), 0.0), 1e6),
    )


def _finding(finding: Finding) -> Finding:
    relation = finding.relation
    controls = finding.controls
    return Finding(
        base=BaseModelRef(
            ref=_name(finding.base.ref, finding.base.revision),
            revision=_revision(finding.base.revision),
            created="",
            asked=_fits(_REF, finding.base.asked),
            belongs=finding.base.belongs,
        ),
        proposed_by=tuple(p for p in finding.proposed_by[:4] if _is_ours(p)),
        declared=finding.declared,
        status=finding.status,
        reason=(),
        verdict=finding.verdict,
        log10_p=_bound(finding.log10_p),
        kept=_share(finding.kept),
        explained_by=None,
        relation=None if relation is None else Relation(kind=relation.kind, detail=()),
        parts=tuple(
            PartVerdict(
                name=p.name, verdict=p.verdict, log10_p=_bound(p.log10_p), kept=_share(p.kept)
            )
            for p in finding.parts[:MAX_PARTS]
            if p.name in _PARTS
        ),
        controls=None
        if controls is None
        else Controls(
            shifted_hits=min(max(_finite(controls.shifted_hits), 0.0), 1e9),
            self_hits=_share(controls.self_hits),
        ),
        evidence=tuple(_evidence(e) for e in finding.evidence[:MAX_EVIDENCE]),
        detectable_kept=_share(finding.detectable_kept),
        log10_p_without_strongest=_bound(finding.log10_p_without_strongest),
        families_tested=_amount(finding.families_tested),
        families_hit=_amount(finding.families_hit),
        units_tested=_amount(finding.units_tested),
        units_hit=_amount(finding.units_hit),
        bytes_read=_amount(finding.bytes_read),
        bytes_total=_amount(finding.bytes_total),
    )


def _evidence(item: Evidence) -> Evidence:
    test = item.test if item.test in _TESTS else "channels"
    layers = tuple(layer for layer in item.layers[:3] if 0 <= layer < LARGEST)
    return Evidence(
        test=test,
        # Written anew from words of ours: the family of a stranger's report is free text.
        family=phrase(PhraseCode.FAMILY_BY_TEST, test=test, layers=layers),
        kind=item.kind,
        part=item.part if item.part in _PARTS else "body",
        frame=item.frame if item.frame in _FRAMES else "",
        layers=tuple(layer for layer in item.layers[:200] if 0 <= layer < LARGEST),
        units=_amount(item.units),
        hits=_amount(item.hits),
        log10_p=_bound(item.log10_p),
        detectable_kept=_share(item.detectable_kept),
        kept=_share(item.kept),
        ceiling=_share(item.ceiling),
        log10_e=_finite(item.log10_e),
        control_hits=_amount(item.control_hits),
    )


def _is_ours(reason: Phrase) -> bool:
    """Return whether a reason is an option, a file of a known name or a line of the card."""
    line = reason.params.get("line")
    if reason.code is PhraseCode.PLACE_LINE and isinstance(line, int):
        return 0 <= line <= _LAST_LINE and reason == at_line("README.md", line)
    return reason in _REASONS


def _name(ref: str, revision: str) -> str:
    repo, _, asked = ref.partition("@")
    if _is_plain_id(repo) and _PROPOSAL.fullmatch(asked):
        return ref  # what is only proposed to a repository has the revision in its name
    if _is_plain_id(ref):
        return ref
    return "a-folder" if revision == names.LOCAL else UNNAMED


def _is_plain_id(ref: str) -> bool:
    """Return whether a text is a repository's name and nothing that reads as an address."""
    owner, slash, _ = ref.partition("/")
    # Owners on the Hub have no dots, and names without an owner are few and old.
    return is_repo_id(ref) and "." not in owner and (bool(slash) or "-" in ref or ref.isalnum())


def _revision(revision: str) -> str:
    known = names.is_commit(revision) and len(revision) in {40, 64}
    return revision if known else names.LOCAL


def _fits(pattern: re.Pattern[str], text: str, otherwise: str = "") -> str:
    return text if pattern.fullmatch(text) else otherwise


def _amount(value: int) -> int:
    return min(max(value, 0), LARGEST)


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _share(value: float) -> float:
    return min(max(_finite(value), -1.0), 1.0)


def _bound(value: float) -> float:
    return max(min(_finite(value), 0.0), -1e9)
