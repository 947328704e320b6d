"""What is known of one base on its way to a finding?"""

from __future__ import annotations

from dataclasses import dataclass, field

from hubcheck.check.renamed import Renamed
from hubcheck.errors import HubcheckError, InternalFaultError, SubjectUnreadableError
from hubcheck.evidence.looks.equality.files import FileState, WholeFiles
from hubcheck.evidence.looks.interface import Standing
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.evidence.observation import Observations
from hubcheck.evidence.refused import Refused, Why
from hubcheck.frozen import frozen
from hubcheck.model import Model
from hubcheck.report.phrases import Clauses
from hubcheck.report.schema import BaseModelRef, Finding, TokenizerContext
from hubcheck.report.words import ReasonCode
from hubcheck.request.interface import BaseRequest
from hubcheck.verdict.adapter_words import Added
from hubcheck.verdict.component_entries import NO_COMPONENTS, Components
from hubcheck.verdict.components import judge_components
from hubcheck.verdict.judge import Case, Judgement, judge
from hubcheck.verdict.refusals import why


@frozen
class Untested:
    """Why no weights of a base were compared, as far as that is known before any look."""

    code: ReasonCode
    reason: Clauses


@dataclass(slots=True, kw_only=True)
class Tested:
    """One base: asked for, opened, looked at. Facts are added, what they mean is asked for."""

    request: BaseRequest
    base: BaseModelRef
    model: Model | None
    untested: Untested
    """What is said where nothing was compared."""
    error: HubcheckError | None = None
    """Why it cannot be opened or its weights cannot be compared, once that was tried."""
    files: WholeFiles | None = None
    """What is known of the weight files as wholes, once that was asked."""
    comparer: Comparer | None = None
    renamed: Renamed | None = None
    """The subject under the base's names, where its own say nothing and its values are near."""
    tried: int = 1
    """Bases tried in the check."""
    relation: str = ""
    """What the card declares this base to be to the subject; empty where it says nothing."""
    taught: bool = False
    """The card names it, and says that the subject was distilled from it."""
    components: Components = NO_COMPONENTS
    """What was seen of everything beside the bodies, folder by folder."""
    seen: Observations = field(default_factory=Observations)
    """What every look left."""
    added: tuple[Added, ...] = ()
    """Adapters that were added to this base, or what came of adding this one to others."""
    bytes_read: int = 0
    """Of the base, by the looks."""
    tokenizers: tuple[TokenizerContext, ...] | None = None
    """What it and the subject have in common there, where that was asked before it was let go."""
    _judged: tuple[Observations, Judgement] | None = None
    brief: Finding | None = None
    """Its finding, where that is all that is kept of it (``check.in_full``)."""
    told: tuple[tuple[object, ...], Finding] | None = None
    """The finding that was made of these facts last (``finding``)."""

    @property
    def equal_files(self) -> bool:
        """Whether the weight files are the same bytes."""
        return self.files is not None and self.files.state is FileState.EQUAL

    @property
    def looked_at(self) -> bool:
        """Whether orders were looked at, whatever came of it."""
        return self.comparer is not None and (self.seen.took(ORDERS) or bool(self.components))

    @property
    def judgement(self) -> Judgement:
        """What everything seen so far means; asked again only where more was seen.

        Raises:
            ValueError: nothing was looked at.
        """
        if self._judged is None or self.seen.adds_to(self._judged[0]):
            judged = judge(self.case)
            if self.components:
                judged = judge_components(judged, self.case, self.components)
            self._judged = (self.seen, judged)
        return self._judged[1]

    def shorten(self, brief: Finding) -> None:
        """Keep a finding in place of everything that it was made of."""
        self.brief, self.told = brief, None
        self.comparer = self.renamed = self.files = None
        self.components, self.seen, self._judged = NO_COMPONENTS, Observations(), None
        if self.model is not None:
            self.model.forget_headers()

    @property
    def facts(self) -> tuple[object, ...]:
        """Everything its finding is made of; none of it changes, another takes its place."""
        return (
            self.base, self.model, self.untested, self.error, self.files, self.comparer,
            self.renamed, self.tried, self.relation, self.taught, self.components, self.seen,
            self.added, self.bytes_read,
        )  # fmt: skip

    def give_up(self, error: InternalFaultError) -> None:
        """Leave this base untested for a fault of hubcheck; nothing seen of it counts."""
        self.untested = Untested(code=ReasonCode.INTERNAL, reason=why(error)[1])
        self.error = error
        self.files, self.comparer = None, None
        self.components, self.seen, self._judged = NO_COMPONENTS, Observations(), None

    def stands(self, seen: Observations) -> Standing:
        """Return how the base stands with what was seen so far."""
        self.seen = seen
        return self.judgement.standing

    @property
    def case(self) -> Case:
        """The base and everything that was seen of it.

        Raises:
            ValueError: nothing was looked at.
        """
        if self.comparer is None:
            message = "a base that was not looked at is no case"
            raise ValueError(message)
        return Case(
            base=self.comparer.base.anatomy,
            subject=self.comparer.subject.anatomy,
            tried=self.tried,
            seen=self.seen,
            relation=self.relation,
        )

    @property
    def refused(self) -> tuple[Refused, ...]:
        """Every look, and part of one, that could not be taken, of components too."""
        found = list(self.seen.refused)
        for one in self.components.seen:
            if isinstance(one.seen, Refused):
                found.append(one.seen)
            elif isinstance(one.seen, Case):
                found += one.seen.seen.refused
        return tuple(dict.fromkeys(found))

    @property
    def fault_of_subject(self) -> Refused | None:
        """The look that met values of the subject that cannot be used, if one did."""
        return next((r for r in self.refused if r.side == "subject" and r.code is Why.VALUES), None)

    @property
    def subject_error(self) -> HubcheckError | None:
        """The same as an error, where it is one of the subject's own values."""
        fault = self.fault_of_subject
        error = fault.error if fault is not None else None
        return error if isinstance(error, SubjectUnreadableError) else None
