"""Do the signs of up rows agree, once the neurons of one family are matched by their gates?

One coin per neuron of a gated MLP (statistics.signs); a factor of its own beside the order.
"""

from __future__ import annotations

from collections.abc import Sequence

from hubcheck.evidence.combine import NOTABLE, SignOutcome
from hubcheck.evidence.family import Block, FamilyTest, Profiles
from hubcheck.statistics.evalues import log_e_signs, log_mean, log_sum_exp
from hubcheck.statistics.signs import sign_agreements


def count_signs(base: Profiles, subject: Profiles) -> list[tuple[int, int]]:
    """Return (agreements, pairs) in every frame both sides have.

    ``signed`` rows are there only where the base's architecture makes its signs fair
    (``orders.neurons``): the coins are the base's, whatever the subject says it is.
    """
    counted = []
    for frame, up_a in base.signed.items():
        up_b = subject.signed.get(frame)
        gate = f"{frame} gate"
        if up_b is None or up_a.shape != up_b.shape or gate not in subject.views:
            continue
        pair = sign_agreements(base.views[gate], subject.views[gate], up_a, up_b)
        if pair[1]:
            counted.append(pair)
    return counted


def sum_signs(
    test: FamilyTest, block: Block, looks: Sequence[tuple[float, list[tuple[int, int]]]]
) -> SignOutcome:
    """Sum the signs of one family up, by the same weights as its hits."""
    log_e = log_sum_exp(
        log_mean([log_e_signs(*pair) for pair in pairs], [weight / len(pairs)] * len(pairs))
        for weight, pairs in looks
    )
    every = [pair for _, pairs in looks for pair in pairs]
    # An uneventful family shows the count fixed beforehand: the best of many would look like more.
    best = max(every, key=lambda pair: log_e_signs(*pair)) if log_e >= NOTABLE else every[0]
    return SignOutcome(
        label=test.label(block), base=block, agreements=best[0], pairs=best[1], log_e=log_e
    )
