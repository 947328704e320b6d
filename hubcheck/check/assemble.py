"""How are findings and facts put together into one report?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from hubcheck import __version__
from hubcheck.candidates.disclosure import read_disclosure
from hubcheck.candidates.graph import NOTHING_DECLARED, Ancestry
from hubcheck.check.adapters import read_beside
from hubcheck.check.finding import unread_weights
from hubcheck.check.let_go import tokenizers_of
from hubcheck.check.lineage import licence_of, lineage_of, lineage_warnings
from hubcheck.check.tested import Tested
from hubcheck.checkpoint.disagreement import Disagreement
from hubcheck.errors import HubcheckError, UnreadableError, UnsupportedFormatError, printable
from hubcheck.model import Model
from hubcheck.report.behaviour import Behaviour
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase
from hubcheck.report.schema import (
    Context,
    Coverage,
    Declared,
    DeclaredPlace,
    FileDisagreement,
    Finding,
    Proposed,
    RelationCheck,
    Report,
    Search,
    Signature,
    Subject,
    Tool,
    WeightFile,
)
from hubcheck.report.standing import is_signed, is_undated, is_undeclared_part
from hubcheck.report.words import DeclarationVerdict, Depth, RelationKind, Verdict
from hubcheck.request.access import HUB
from hubcheck.request.interface import Request
from hubcheck.verdict import context as contexts
from hubcheck.verdict.compared import why_nothing
from hubcheck.verdict.declaration import declaration_verdict, owner_of
from hubcheck.verdict.declared_relation import check_relation, relation_warnings
from hubcheck.verdict.policy import REQUIRE_SIGNATURE, conclude

LIMITS: Final = tuple(
    phrase(code)
    for code in (PhraseCode.LIMIT_DISTILLATION, PhraseCode.LIMIT_MATCH, PhraseCode.LIMIT_BOUND)
)
_NO_NAME: Final = frozenset({PhraseCode.KEY_UNUSABLE, PhraseCode.NO_NAME})
"""What a card or a configuration gives as a base, and no model can be looked up by."""
UNRELATED_LIMIT: Final = phrase(PhraseCode.LIMIT_UNRELATED)
"""Said where something is called unrelated."""


def assemble(
    request: Request,
    subject: Model,
    tested: Sequence[Tested],
    findings: Sequence[Finding],
    refusal: HubcheckError | None,
    started: datetime,
    finished: datetime,
    *,
    ancestry: Ancestry = NOTHING_DECLARED,
    signatures: tuple[Signature, ...] = (),
    behaviour: tuple[Behaviour, ...] = (),
) -> Report:
    """Put one check together.

    Args:
        request: What was asked.
        subject: The model under test.
        tested: The bases, opened as far as they could be.
        findings: One per base, in the same order, ``explained_by`` filled.
        refusal: Why the subject's weights could not be read, if so.
        started: When the check began.
        finished: When it ended.
        ancestry: The declared graph above the bases.
        signatures: The subject's, read before its weights could use the budget up.
        behaviour: What was seen of running the models; context.
    """
    declaration = subject.declaration
    declared = [f for f in findings if f.declared]
    verdict = declaration_verdict(
        findings,
        declared_any=bool(declared),
        subject_owner=owner_of(subject.pin.ref) if subject.pin.revision != "local" else "",
    )
    models = [subject, *(o.model for o in tested if o.model)]
    readable = refusal is None and request.depth is not Depth.HEADERS
    searched = request.searched()
    weight_paths = [f.path for f in subject.weight_files]
    unread = unread_weights(subject, nothing_read=_is_unread(refusal))
    beside = read_beside(tested)
    relations = check_relation(declaration.relation, findings, weight_paths)
    # Licences and disclosures may read a card that no test needed: what was read is summed after.
    licence = licence_of(subject, tested, findings, ancestry)
    full = [one for one, finding in zip(tested, findings, strict=True) if finding.in_full]
    context = _context(subject, full, relations, readable=readable)
    about = Subject(
        ref=subject.pin.ref,
        revision=subject.pin.revision,
        created=subject.pin.created,
        weights_digest=subject.weights_digest,
        files=weight_files_of(subject),
        read=() if _is_unread(refusal) else tuple(f.path for f in subject.loaded_files),
        unread=tuple(f for f in unread if f.path not in beside),
        disagreements=tuple(
            FileDisagreement(
                code=d.code, file=d.file, count=d.count, example=d.example, instead=d.instead
            )
            for d in subject.disagreements
        ),
        signatures=signatures,
    )
    return Report(
        tool=Tool(version=__version__),
        started=started.isoformat(timespec="seconds"),
        finished=finished.isoformat(timespec="seconds"),
        depth=request.depth,
        seed=request.seed,
        processes=request.resources.team.count,
        subject=about,
        declared=Declared(
            bases=tuple(
                f"{b.ref}@{b.revision}" if b.revision else b.ref for b in declaration.bases
            ),
            places=tuple(
                DeclaredPlace(base=b.ref, where=b.why, line=b.line) for b in declaration.bases
            ),
            relation=declaration.relation,
            licence=declaration.licence,
        ),
        findings=tuple(findings),
        context=context,
        verdict=verdict,
        conclusion=conclude(
            verdict,
            findings,
            request.policy,
            signed=is_signed(about),
            sound=refusal is None or isinstance(refusal, UnsupportedFormatError),
        ),
        nothing_compared=why_nothing(
            findings,
            (f.path for f in subject.files),
            refusal,
            in_folders=subject.lies_in_folders,
            unusable=any(p.code in _NO_NAME for p in declaration.problems),
        ),
        policy=request.policy,
        public_hub=request.access.endpoint in {None, HUB},
        coverage=coverage_of(
            models,
            mapped=subject.anatomy.mapped_share if readable else 0.0,
            further_requests=ancestry.requests,
        ),
        warnings=(
            *(subject.opening_notes if readable else ()),
            *_warnings(subject, findings, verdict, refusal),
            *disagreement_phrases("", subject.disagreements),
            *(
                warning
                for o in tested
                if o.model
                for warning in disagreement_phrases(o.model.pin.ref, o.model.disagreements)
            ),
            *relation_warnings(relations),
            *lineage_warnings(ancestry),
            *_unsigned(about, request),
        ),
        behaviour=behaviour,
        licence=licence,
        lineage=lineage_of(subject, tested, ancestry),
        search=Search(
            kind=searched.kind,
            requests=searched.requests,
            bytes_read=searched.bytes_read,
            bases_tried=max(len(tested), searched.tried),
            left_aside=tuple(
                Proposed(ref=ref, why=why, note=note) for ref, why, note in searched.left_aside
            ),
            notes=searched.notes,
            catalogue=searched.catalogue,
        ),
        limits=limits_of(findings),
        replay=request.replay,
        max_read=request.access.max_read,
        escalate_to=request.escalate_to,
        seconds=round((finished - started).total_seconds(), 2),
    )


def _unsigned(subject: Subject, request: Request) -> Clauses:
    """Return that a signature is missing, where the policy asks for one."""
    asked = REQUIRE_SIGNATURE in request.policy.fail_on
    return (phrase(PhraseCode.NOT_SIGNED),) if asked and not is_signed(subject) else ()


def _is_unread(refusal: HubcheckError | None) -> bool:
    """Return whether no weight file of the subject could be read as weights."""
    return isinstance(refusal, UnreadableError)


def weight_files_of(model: Model) -> tuple[WeightFile, ...]:
    """Return the weight files of a model, as the report lists them."""
    return tuple(WeightFile(path=f.path, size=f.size, sha256=f.sha256) for f in model.weight_files)


def coverage_of(models: Sequence[Model], *, mapped: float, further_requests: int = 0) -> Coverage:
    """Return what was read so far.

    Args:
        models: All models opened, the subject first.
        mapped: Share of the subject's parameters that have a role.
        further_requests: Beside those that the models' ledgers count.
    """
    subject, ledgers = models[0], [m.source.ledger for m in models]
    return Coverage(
        bytes_read=sum(ledger.bytes_read for ledger in ledgers),
        bytes_total=sum(m.weight_bytes for m in models),
        requests=sum(ledger.requests for ledger in ledgers) + further_requests,
        parameters_mapped=round(mapped, 4),
        subject_bytes_read=subject.source.ledger.bytes_read,
        subject_bytes_total=subject.weight_bytes,
        bytes_hashed=sum(ledger.hashed_bytes for ledger in ledgers),
    )


def limits_of(findings: Sequence[Finding]) -> Clauses:
    """Return what findings like these do not say."""
    unrelated = any(f.verdict is Verdict.UNRELATED for f in findings)
    return (*LIMITS, UNRELATED_LIMIT) if unrelated else LIMITS


def disagreement_phrases(ref: str, found: Iterable[Disagreement]) -> Clauses:
    """Return a phrase for each thing in which files of a model disagree."""
    return tuple(
        phrase(
            PhraseCode.FILES_DISAGREE,
            ref=ref,
            kind=d.code.value,
            file=d.file,
            count=d.count,
            example=d.example,
            instead=d.instead,
        )
        for d in found
    )


def _context(
    subject: Model,
    tested: Sequence[Tested],
    relations: tuple[RelationCheck, ...],
    *,
    readable: bool,
) -> Context:
    disclosure = contexts.disclosures(read_disclosure(subject.source))
    if not readable:
        return Context(disclosure=disclosure, relations=relations)
    compared = [(o.model, o.comparer) for o in tested if o.model and o.comparer]
    lines = [(str(subject.pin), subject.anatomy), *((str(m.pin), m.anatomy) for m, _ in compared)]
    norms = [contexts.norm_context(m.pin.ref, c.norm_likeness) for m, c in compared]
    tokens = [
        tokenizers_of(o.model, subject) if o.tokenizers is None else o.tokenizers
        for o in tested
        if o.model and o.comparer
    ]
    return Context(
        architecture=contexts.architecture_lines(lines),
        tokenizer=sum(tokens, ()),
        norms=sum(norms, ()),
        disclosure=disclosure,
        relations=relations,
    )


def _warnings(
    subject: Model,
    findings: Sequence[Finding],
    verdict: DeclarationVerdict,
    refusal: HubcheckError | None,
) -> Clauses:
    """Return what a reader should know and no field says."""
    found = [*subject.declaration.problems, *subject.layout_notes]
    for path, reason in subject.left_out.items():
        found.append(phrase(PhraseCode.LEFT_OUT, path=printable(path), why=reason))
    if refusal is not None:
        found.append(
            phrase(
                PhraseCode.SUBJECT_FAILED,
                detail=refusal.what,
                cause=refusal.cause,
                next_step=refusal.next_step,
            )
        )
    for finding in findings:
        ref = finding.base.ref
        if finding.base.belongs and finding.status == "tested":
            repository = ref.partition("@")[0]
            found.append(phrase(PhraseCode.ONLY_PROPOSED, base=ref, repository=repository))
        found += _kin_warnings(finding)
        found += [
            phrase(PhraseCode.ABOUT, name=ref, what=(note,))
            for note in finding.notes
            if refusal is None or not _is_of(note, refusal)
        ]
        if finding.relation is not None and finding.relation.kind is RelationKind.PARTS:
            found.append(phrase(PhraseCode.ABOUT, name=ref, what=finding.relation.detail))
    if not findings:
        found.append(phrase(PhraseCode.NO_BASE))
    if verdict is DeclarationVerdict.INCONCLUSIVE and subject.declaration.leaked:
        names = tuple(b.ref for b in subject.declaration.leaked)
        found.append(phrase(PhraseCode.ALSO_NAMED, names=names))
    return tuple(found)


def _is_of(note: Phrase, refusal: HubcheckError) -> bool:
    """Return whether a note says of one base what is wrong with the subject: that is said once."""
    params = note.params
    of_subject = note.code is PhraseCode.LOOK_REFUSED and params.get("side") == "subject"
    return of_subject and params.get("detail") == refusal.what


def _kin_warnings(finding: Finding) -> Clauses:
    """Return what is to be said of a match that accuses nobody."""
    ref, by = finding.base.ref, finding.explained_by or ""
    found = []
    if finding.closer:
        found.append(phrase(PhraseCode.CLOSER, base=ref, declared=by))
    if finding.upstream:
        found.append(phrase(PhraseCode.UPSTREAM, base=ref, declared=by))
    if is_undated(finding):
        found.append(phrase(PhraseCode.UNDATED, base=ref))
    if is_undeclared_part(finding):
        found.append(phrase(PhraseCode.UNDECLARED_PART, base=ref))
    return tuple(found)
