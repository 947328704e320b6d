"""Is the subject a merge of several related bases: a look that all of them share.

It is taken once every base was looked at, and left with each that took part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.change.moved import bytes_for
from hubcheck.evidence.looks.merge.run import Merge, MergeMember, merge_shares
from hubcheck.evidence.observation import Observation, Skip
from hubcheck.evidence.reading import Reader
from hubcheck.evidence.refused import Refused, attempt, the_look
from hubcheck.frozen import frozen
from hubcheck.report.words import Depth


@frozen
class MergeSeen:
    """A fit of the subject by several bases, and which of them this one is."""

    merge: Merge
    member: str


class MergeLook:
    """Sum-to-one shares of several bases."""

    name = "merge"
    nothing: MergeSeen | Skip = Skip.NOT_RELATED


def fit_merge(
    subject: Reader, members: Sequence[MergeMember], *, seed: int, depth: Depth
) -> dict[str, Observation[MergeSeen | Skip] | Refused]:
    """Fit a subject by several related bases; return what is left with each, by its name.

    Args:
        subject: The model under test.
        members: Two or more, by distinct names.
        seed: Of every draw.
        depth: Says how much may be read.
    """
    found = attempt(
        lambda: merge_shares(subject, members, Draw(seed), limit=bytes_for(depth)),
        the_look(MERGE.name),
    )
    if isinstance(found, Refused):
        return {one.ref: found for one in members}
    return {one.ref: Observation(seen=MergeSeen(merge=found, member=one.ref)) for one in members}


MERGE: Final = MergeLook()
