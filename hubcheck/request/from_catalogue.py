"""Which families of a catalogue are tested as suspects, and what does that cost the bounds?

The nearest family's nearest member, and so on, one slot a family. Choosing among all that the
catalogue holds is paid for by weights that are fixed before anything is seen (DESIGN 11): the bases
that are tested anyway share one half, so each of n counts as one of 2n; what the catalogue proposes
shares the other half, so each counts as one of 2N, N the models it holds. Switching the catalogue
on thus costs an honest declared base a factor of two, however large the catalogue is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from hubcheck.catalogue.answer import Answer, answered
from hubcheck.catalogue.index import NEAREST, Near, NearFamily
from hubcheck.catalogue.opening import folder_of, open_catalogue, reference_of
from hubcheck.catalogue.shipped import shipped
from hubcheck.catalogue.sketching import BUDGET
from hubcheck.errors import BudgetExceededError, UnreadableError, UnsupportedFormatError, printable
from hubcheck.model import Access, Model
from hubcheck.report.catalogue_search import CatalogueSearch
from hubcheck.report.catalogue_search import NearFamily as ShownFamily
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.report.words import Depth
from hubcheck.request.bases import BasesOf
from hubcheck.request.interface import BaseRequest, Searched
from hubcheck.source.reference import LocalReference, Reference, local_path, name_of
from hubcheck.statistics.planted import NOT_DETECTABLE

LOCAL: Final = "local"
"""The revision of a folder or file."""
LEAST: Final = 1
"""Families that are tested although none stands out: so that something was tested."""
OF_A_FAMILY: Final = 2
"""Models of one slot where some are in quarantine beside it: if who was there first is the fake."""


@dataclass(slots=True, kw_only=True)
class FromCatalogue:
    """The rule that adds a catalogue's proposals to the bases of a check, and what it found."""

    place: str
    """A folder, or a data set; empty: what ships."""
    access: Access
    root: Path
    bases: BasesOf
    """The bases that are tested anyway."""
    beside: Callable[[], Searched]
    """What another search found, once ``bases`` was asked."""
    depth: Depth
    may_read_more: bool
    """Whether nobody named a limit of bytes: the sketch then comes on top of the depth's."""
    _found: Searched = field(default_factory=Searched, init=False)

    def __call__(self, subject: Model) -> Sequence[BaseRequest]:
        """Return the bases of a check: those tested anyway, then the proposed ones."""
        others = list(self.bases(subject))
        beside = self.beside()
        self._found = beside
        if self.depth is Depth.HEADERS:
            return self._without(others, phrase(PhraseCode.CATALOGUE_HEADERS))
        folder = folder_of(self.place or shipped(), self.root)
        index = open_catalogue(self.place or shipped(), self.access, root=self.root)
        if self.may_read_more:
            ledger = subject.source.ledger
            ledger.raise_limit(ledger.max_read + BUDGET)
        try:
            answer = answered(subject, index)
        except UnsupportedFormatError:
            return self._without(others, phrase(PhraseCode.CATALOGUE_NO_SKETCH))
        except (UnreadableError, BudgetExceededError) as error:
            why = printable(error.what, limit=300)
            return self._without(others, phrase(PhraseCode.CATALOGUE_UNREAD, detail=why))
        known = {name_of(b.reference).casefold() for b in others}
        proposed = self._proposed(answer, subject, folder, known)
        counted = max(len(others), beside.tried)
        paid = [replace(one, tried=2 * max(1, counted)) for one in others]
        self._found = replace(
            beside,
            tried=max(beside.tried, len(others)) + len(proposed),
            catalogue=shown(answer, index.source.pin.revision, self.place),
        )
        return [*paid, *proposed]

    def searched(self) -> Searched:
        """Return what was found, once the bases were asked for."""
        return self._found

    def _without(self, others: list[BaseRequest], note: Phrase) -> list[BaseRequest]:
        self._found = replace(self._found, notes=(*self._found.notes, note))
        return others

    def _proposed(
        self, answer: Answer, subject: Model, folder: Path | None, known: set[str]
    ) -> list[BaseRequest]:
        """Return the models that are tested: of every family that stands out, or of the nearest."""
        chosen = answer.standing_out or answer.families[:LEAST]
        found: list[BaseRequest] = []
        for family in chosen[:NEAREST]:
            taken = 0
            for near in in_turn(family):
                typed = self.place or shipped()
                reference = reference_of(near.entry, folder, typed=typed)
                if reference is None or taken == _room(family):
                    continue
                name = name_of(reference).casefold()
                if name in known or is_itself(reference, subject, self.root):
                    continue
                known.add(name)
                taken += 1
                found.append(_request(reference, near, answer))
        return found


def in_turn(family: NearFamily) -> tuple[Near, ...]:
    """Return the models of a slot in the order in which they are tested."""
    return (*family.members, *family.quarantined)


def _room(family: NearFamily) -> int:
    return OF_A_FAMILY if family.quarantined else 1


def is_itself(reference: Reference, subject: Model, root: Path) -> bool:
    """Return whether an entry is the subject's own repository or folder."""
    if isinstance(reference, LocalReference):
        if subject.pin.revision != LOCAL:
            return False
        try:
            return reference.path.samefile(local_path(subject.pin.ref, root))
        except (OSError, ValueError):
            return False
    return reference.repo_id.casefold() == subject.pin.ref.casefold()


def _request(reference: Reference, near: Near, answer: Answer) -> BaseRequest:
    z, models = round(near.score.z, 1), answer.n_models
    why = phrase(PhraseCode.HINT_CATALOGUE, z=z, models=models)
    return BaseRequest(
        reference=reference,
        declared=False,
        why=(why,),
        found_by="catalogue",
        tried=2 * max(1, answer.n_models),
    )


def shown(answer: Answer, revision: str, place: str) -> CatalogueSearch:
    """Return what a report says of an answer."""
    seen = answer.seen
    return CatalogueSearch(
        place=place,
        revision="" if revision == "local" else revision,
        models=answer.n_models,
        threshold=round(answer.threshold, 2),
        families=tuple(
            ShownFamily(
                family=f.root.entry.ref,
                nearest=f.nearest.entry.ref,
                z=round(f.z, 2),
                stands_out=f.z >= answer.threshold,
            )
            for f in answer.families
        ),
        kept=seen.plain if seen.plain < NOT_DETECTABLE else None,
        kept_turned=seen.turned if seen.turned < NOT_DETECTABLE else None,
        bytes_read=answer.catalogue_bytes,
        requests=answer.catalogue_requests,
    )
