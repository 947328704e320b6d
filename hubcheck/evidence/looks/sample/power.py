"""What would a comparison that saw nothing have shown of a copy, through its own account?

Two numbers and a share: from where a copy would have been seen (``Comparison.detectable``), from
where it would have been called related, and how many of its units may be exact copies unseen.
"""

from __future__ import annotations

from math import log

import numpy as np

from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.family import BODY_ORDERS, FamilyOutcome
from hubcheck.evidence.looks.sample.comparison import POWER_FAMILIES, Comparison
from hubcheck.statistics.evalues import log_sum_exp
from hubcheck.statistics.planted import NOT_DETECTABLE, Order, detectable_share


def related_from(comparison: Comparison) -> float:
    """Return the kept from which a copy would have been called related, if it can be told.

    It has to be seen, and its content to stand in half of the families of the body that hit.
    """
    body = [o for o in comparison.outcomes if o.test in BODY_ORDERS]
    if len(body) < POWER_FAMILIES:
        return NOT_DETECTABLE
    values = sorted(max(o.detectable, o.stands_from) for o in body)
    return max(values[len(values) // 2], comparison.detectable)


def copied_share(comparison: Comparison, needed: float = NOTABLE) -> float:
    """Return the share of the body's units that, copied exactly, the account would have shown.

    Args:
        comparison: What was seen.
        needed: Natural log of the e-value from which a base no longer counts as unrelated.
    """
    body = [o for o in comparison.outcomes if o.test in BODY_ORDERS]
    others = comparison.combined.whole - sum(o.log_e for o in body)
    orders = [order for o in body if (order := planted_order(o)) is not None]
    rng = np.random.default_rng([0, len(orders)])
    return detectable_share(orders, rng, others=others, needed=needed)


def planted_order(outcome: FamilyOutcome) -> Order | None:
    """Return the order of a family for planting copied units; None where no view would see them.

    Units copied as they are stored are seen in the model's own channels.
    """
    weight, rest = 0.0, []
    first = outcome.first.subject
    for n, look in enumerate(one for one in outcome.looks if one.views):
        for view in look.views:
            each = look.weight / len(look.views)
            if n == 0 and view.name.startswith("raw") and view.subject == first:
                weight += each
            else:
                rest.append(log(each) + view.log_e)
    if not weight:
        return None
    first_view = outcome.first
    return Order(
        units=first_view.units,
        weight=weight,
        rest=log_sum_exp(rest),
        in_blocks=first_view.in_blocks,
    )
