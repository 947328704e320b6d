"""Which bases does an opened subject suggest, and how does that become a request?

The bridge from an opened model to the search of ``candidates``: facts are gathered without weight
bytes, the search asks the Hub within its own limits, and candidates become suspects of a check.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from hubcheck.anatomy.config import read_config
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
from hubcheck.request import BaseRequest
from hubcheck.source.reference import parse_hub_reference

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
        token=access.token,
        max_requests=limits.requests,
        max_read=limits.bytes,
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


@dataclass(slots=True)
class Discovery:
    """The rule that adds proposed suspects to the bases of a check, and what it found."""

    access: Access
    limits: Limits
    bases: Callable[[Model], Sequence[BaseRequest]]
    """The bases that are tested anyway: named by the user or declared."""
    proposals: Proposals | None = field(default=None, init=False)

    def __call__(self, subject: Model) -> Sequence[BaseRequest]:
        """Return the bases of a check: those named and declared, then the proposed ones."""
        bases = list(self.bases(subject))
        self.proposals = discover(subject, self.access, self.limits, on_the_hub=True)
        known = {str(getattr(b.reference, "repo_id", "")).casefold() for b in bases}
        for candidate in self.proposals.chosen:
            # What the card declares and --base replaces is no suspect: it was put aside on purpose.
            if not candidate.declared and candidate.ref.casefold() not in known:
                spelled = f"{candidate.ref}@{candidate.revision}"
                reference = parse_hub_reference(spelled if candidate.revision else candidate.ref)
                why = candidate.why
                bases.append(BaseRequest(reference=reference, declared=False, why=why))
        return bases
