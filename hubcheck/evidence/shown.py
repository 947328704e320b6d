"""Which view stands for a family in the report, and what do its units show one by one?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.family import Block, FamilyOutcome, Profiles, Units, View
from hubcheck.statistics.profiles import cosine_matrix


def shown_view(outcome: FamilyOutcome) -> View:
    """Return the view that stands for a family.

    The best of a notable one, else the one fixed beforehand: the best of several null counts would
    look like more than chance.
    """
    return outcome.best if outcome.log_e >= NOTABLE else outcome.first


def units_shown(
    outcome: FamilyOutcome, base: Profiles, subjects: Mapping[Block, Profiles]
) -> Units:
    """Return the units of the view that stands for a family, one by one.

    Args:
        outcome: The family.
        base: Profiles of its block.
        subjects: Profiles of every subject block looked at.
    """
    view = shown_view(outcome)
    subject = subjects[view.subject]
    similarity_uv = cosine_matrix(base.views[view.name], subject.views[view.name])
    nearest_u = similarity_uv.argmax(axis=1)
    return Units(
        view=view,
        kept_u=tuple(np.diagonal(similarity_uv).tolist()),
        nearest_u=tuple(nearest_u.tolist()),
        cosine_u=tuple(similarity_uv[np.arange(nearest_u.size), nearest_u].tolist()),
    )
