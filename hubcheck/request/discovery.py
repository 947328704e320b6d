"""Which bases does an opened subject suggest, and how does that become a request?

The bridge from an opened model to the search of ``candidates``: facts are gathered without weight
bytes, the search asks the Hub within its own limits, and candidates become suspects of a check.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hubcheck.anatomy.config import read_config
from hubcheck.candidates.candidate import Candidate, Signal
from hubcheck.candidates.documents import TOKENIZER_LIMIT
from hubcheck.candidates.hub_index import HubIndex
from hubcheck.candidates.identity import (
    TOKENIZERS,
    Fingerprint,
    fingerprint_of,
    fingerprints,
)
from hubcheck.candidates.leaked import read_leaks
from hubcheck.candidates.proposals import Limits, Proposals, SubjectFacts, propose
from hubcheck.candidates.shape import shape_of_config, shape_of_weights
from hubcheck.errors import HubcheckError, UnreadableError
from hubcheck.model import Access, Model
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.request.interface import BaseRequest, Searched
from hubcheck.request.shortlist import note_of, probe
from hubcheck.source.reference import name_of

WORTH_A_TEST: Final = frozenset(Signal) - {Signal.SEARCH, Signal.SAME_TOKENIZER}
"""A suspect of other sizes that nothing names is left aside: a search and a common tokenizer bring
more strangers than tests are worth. The list of candidates names it; ``--suspect`` tests it."""
OTHER_SIZES: Final = (phrase(PhraseCode.ASIDE_OTHER_SIZES),)
LOCAL: Final = "local"
"""The revision of a folder or file."""


def open_index(access: Access, limits: Limits) -> HubIndex:
    """Return the way to ask the Hub; nothing is asked yet."""
    endpoint = access.endpoint
    if endpoint is None:
        # Imported late: a check of folders must not wait for the Hub's client.
        from huggingface_hub.constants import ENDPOINT

        endpoint = ENDPOINT
    return HubIndex(
        endpoint=endpoint,
        token=access.hub_token(),
        max_requests=limits.requests,
        max_read=limits.bytes,
        spoken_of=access.spoken_of,
    )


def facts_of(subject: Model, index: HubIndex | None) -> SubjectFacts:
    """Return what a search needs to know of an opened subject; reads headers, no weights."""
    on_the_hub = subject.pin.revision != LOCAL
    try:
        anatomy = subject.anatomy
        metadata = anatomy.checkpoint.metadata
        parameters = anatomy.checkpoint.n_parameters
        shape = shape_of_weights(anatomy.geometry, subject.config)
    except UnreadableError:
        metadata, parameters, shape = {}, 0, shape_of_config(subject.config)
    return SubjectFacts(
        ref=subject.pin.ref if on_the_hub else "",
        commit=subject.pin.revision if on_the_hub else "",
        created=subject.pin.created,
        declaration=subject.declaration,
        leaks=read_leaks(subject.source, metadata=metadata),
        files=_fingerprints(subject, index if on_the_hub else None),
        shape=shape,
        parameters=parameters,
        model_type=read_config(subject.config).model_type,
    )


def _fingerprints(subject: Model, index: HubIndex | None) -> tuple[Fingerprint, ...]:
    """Return what identifies the subject's files; a folder's tokenizer files are hashed here."""
    if index is not None:
        try:
            return fingerprints(index.listing(subject.pin.ref, subject.pin.revision))
        except HubcheckError:
            return fingerprints((f, "") for f in subject.files)
    found = []
    for file in subject.files:
        small = file.path in TOKENIZERS and file.size <= TOKENIZER_LIMIT
        if small and subject.pin.revision == LOCAL:
            data = subject.source.read_document(file.path, limit=TOKENIZER_LIMIT)
            found.append(fingerprint_of(file.path, data))
        else:
            found += fingerprints([(file, "")])
    return tuple(found)


def discover(subject: Model, access: Access, limits: Limits, *, on_the_hub: bool) -> Proposals:
    """Return the candidates of an opened subject.

    Args:
        subject: The model under test.
        access: Endpoint and token.
        limits: Caps of the search.
        on_the_hub: Whether the Hub is asked; False names only what the files name.
    """
    index = open_index(access, limits) if on_the_hub else None
    return propose(facts_of(subject, index), index, limits)


def _is_named(candidate: Candidate) -> bool:
    """Return whether the subject's own files name a candidate: it did not come from a search."""
    return bool({Signal.DECLARED, Signal.LEAKED} & {r.signal for r in candidate.reasons})


@dataclass(slots=True)
class Discovery:
    """The rule that adds proposed suspects to the bases of a check, and what it found."""

    access: Access
    limits: Limits
    bases: Callable[[Model], Sequence[BaseRequest]]
    """The bases that are tested anyway: named by the user or declared."""
    _found: Searched = field(default_factory=Searched, init=False)

    def __call__(self, subject: Model) -> Sequence[BaseRequest]:
        """Return the bases of a check: those named and declared, then the proposed ones."""
        bases = list(self.bases(subject))
        index = open_index(self.access, self.limits)
        wide = replace(self.limits, bases=self.limits.probes)
        proposals = propose(facts_of(subject, index), index, wide)
        known = {name_of(b.reference).casefold() for b in bases}
        # What the card declares and --base replaces is no suspect: it was put aside on purpose.
        suspects = [c for c in proposals.chosen if not c.declared and c.ref.casefold() not in known]
        worth = [c for c in suspects if WORTH_A_TEST & {r.signal for r in c.reasons}]
        room = max(0, self.limits.bases - len(bases))
        probed = probe(worth, subject, self.access, room)
        bases += [
            BaseRequest(
                reference=p.reference,
                declared=False,
                why=p.why,
                found_by="files" if _is_named(p.candidate) else "search",
                opened=p.model,
            )
            for p in probed[:room]
        ]
        aside = [(p.candidate.ref, p.why, p.note) for p in probed[room:]]
        aside += [(c.ref, c.why, note_of(c) or OTHER_SIZES) for c in suspects if c not in worth]
        aside += [(c.ref, c.why, note_of(c)) for c in proposals.passed_over]
        looked_at = [p.model for p in probed[room:] if p.model is not None]
        self._found = Searched(
            kind="hub",
            tried=len(bases) + len(looked_at),
            left_aside=tuple(aside),
            notes=proposals.notes,
            requests=proposals.requests + sum(m.source.ledger.requests for m in looked_at),
            bytes_read=proposals.bytes_read + sum(m.source.ledger.bytes_read for m in looked_at),
            index=index,
        )
        return bases

    def searched(self) -> Searched:
        """Return what the search found, once the bases were asked for."""
        return self._found
