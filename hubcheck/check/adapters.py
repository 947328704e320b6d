"""Do a base, and an adapter that was published for it, together make the subject?

An adapter alone shows no base (``anatomy.adapter_fit``). Where it lies beside the subject's weights
or is named as a base beside another one, it is added to every base that was looked at, once all
were. What comes out is told on both findings; it moves no verdict and no bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from hubcheck.candidates.declared import ADAPTER_PATH
from hubcheck.candidates.documents import JsonDocument, read_json_object
from hubcheck.check.tested import Tested
from hubcheck.checkpoint.adapter import ADAPTER_FILE, TORCH_FILE
from hubcheck.checkpoint.adapter_update import NotAdded, Updates, updates_of
from hubcheck.checkpoint.other_formats import PEFT_ADAPTER
from hubcheck.computed_once import computed_once
from hubcheck.errors import HubcheckError, UnsupportedFormatError
from hubcheck.evidence.looks.adapter_sum import LIMIT, AdapterSum, add_up
from hubcheck.evidence.looks.interface import DEEP
from hubcheck.evidence.refused import Refused, attempt, refused_by, the_look
from hubcheck.model import Model
from hubcheck.report.words import Depth, Verdict
from hubcheck.request.interface import Request
from hubcheck.verdict.adapter_words import Added

DEEP_TIMES: Final = 8
"""Times the bytes of a sample that deeper checks may read for it."""
BESIDE: Final = ""
"""Stands for the adapter that lies beside the subject's own weights."""
MOST: Final = 4
"""Adapters that are added to each base."""


@dataclass(frozen=True, kw_only=True)
class _Adapter:
    """One adapter, and whose it is."""

    name: str
    model: Model
    of: Tested | None

    @computed_once
    def updates(self) -> Updates | NotAdded:
        """What it adds, read once for all bases that it is added to."""
        config = read_json_object(self.model.source, ADAPTER_PATH)
        if not isinstance(config, JsonDocument):
            return NotAdded.CONFIG
        return updates_of(self.model.source, config.values)


def add_adapters(tested: Sequence[Tested], subject: Model, request: Request) -> None:
    """Add every adapter at hand to every base that was looked at; tell both what came out.

    Args:
        tested: The bases, looked at; what came out is added to them.
        subject: The model under test.
        request: What was asked.
    """
    adapters = list(_adapters(tested, subject))[:MOST]
    done: set[str] = set()
    for one in tested:
        if one.model is None or not one.looked_at or one.judgement.verdict is Verdict.UNRELATED:
            continue
        for adapter in adapters:
            found = attempt(partial(_added, one, adapter, subject, request), the_look("adapter"))
            done.add(adapter.name)
            told = Added(adapter=adapter.name, base=one.base.ref, seen=found)
            one.added = (*one.added, told)
            if adapter.of is not None:
                adapter.of.added = (*adapter.of.added, told)
                adapter.of.bytes_read = adapter.model.source.ledger.bytes_read
    for adapter in adapters:
        if adapter.of is not None and adapter.name not in done:
            adapter.of.added = (Added(adapter=adapter.name, base="", seen=NotAdded.BASE),)


def read_beside(tested: Sequence[Tested]) -> frozenset[str]:
    """Return the subject's files that were read as an update beside its weights."""
    added = (told for one in tested for told in one.added if told.adapter == BESIDE)
    return frozenset({ADAPTER_FILE for told in added if isinstance(told.seen, AdapterSum)})


def lies_beside(subject: Model) -> bool:
    """Return whether an adapter's file lies beside the subject's weights."""
    return bool({ADAPTER_FILE, TORCH_FILE} & {f.path for f in subject.files})


def is_adapter(error: HubcheckError | None) -> bool:
    """Return whether a base could not be looked at because it is an adapter that can be added."""
    return isinstance(error, UnsupportedFormatError) and error.format_name == PEFT_ADAPTER


def sum_bytes(depth: Depth) -> int:
    """Return the bytes of each model that adding an adapter may read."""
    return LIMIT * (DEEP_TIMES if depth in DEEP else 1)


def _adapters(tested: Sequence[Tested], subject: Model) -> Iterator[_Adapter]:
    """Yield the adapter beside the subject's weights, then those that were named as bases."""
    if lies_beside(subject):
        yield _Adapter(name=BESIDE, model=subject, of=None)
    for one in tested:
        if is_adapter(one.error) and one.model is not None:
            yield _Adapter(name=one.base.ref, model=one.model, of=one)


def _added(
    one: Tested, adapter: _Adapter, subject: Model, request: Request
) -> AdapterSum | NotAdded | Refused:
    if one.model is None:
        return NotAdded.FILE
    try:
        updates = adapter.updates
        if isinstance(updates, NotAdded):
            return updates
        return add_up(
            one.model.anatomy,
            subject.anatomy,
            updates,
            seed=request.seed,
            limit=sum_bytes(request.depth),
        )
    except HubcheckError as error:  # none of it ends a check
        return refused_by(error, look=the_look("adapter"))
