"""Which expert of the subject should be held against an expert of the base?

Experts may be relabelled. Their router rows, seen through the tokens, name candidates: the base
expert whose best partner is the clearest is taken in every layer. Choosing by router rows looks at
no neuron, so what the neurons say afterwards is not biased by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Role
from hubcheck.evidence.family import Block
from hubcheck.evidence.looks.disguise.mlp_views import Sample
from hubcheck.evidence.orders.neurons import corresponding_layers
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.statistics.profiles import standardise


def paired_experts(
    sides: tuple[Side, Side], samples: tuple[list[Sample], list[Sample]]
) -> tuple[list[Sample], list[Sample]]:
    """Return the samples with their experts chosen; unchanged where there are no routers.

    Args:
        sides: Base and subject; their frames must have been fetched.
        samples: Of base and subject, expert 0 in each.

    Raises:
        BudgetExceededError: the routers do not fit the budget.
    """
    base, subject = sides
    there = {s.block.layer: s for s in samples[1]}
    taken: dict[int, Sample] = {}
    chosen: list[Sample] = []
    depths = (base.anatomy.geometry.layers, subject.anatomy.geometry.layers)
    for sample in samples[0]:
        layer = sample.block.layer
        other = next(j for j in corresponding_layers(layer, *depths) if j in there)
        pair = _clearest(_router(base, layer), _router(subject, other))
        chosen.append(_of_expert(sample, pair[0]))
        taken.setdefault(other, _of_expert(there[other], pair[1]))
    return chosen, [taken.get(s.block.layer, s) for s in samples[1]]


def _of_expert(sample: Sample, expert: int) -> Sample:
    return replace(sample, block=Block(layer=sample.block.layer, member=expert))


def _router(side: Side, layer: int) -> NDArray[np.float32] | None:
    """Return the router's rows seen through the tokens, [experts, tokens]."""
    matrix = side.anatomy.get(Role.ROUTER, layer)
    if matrix is None:
        return None
    wanted = Wanted(matrix=matrix, why="expert-pairs")
    side.reader.fetch([wanted])
    gain = side.gain_values(side.mlp_gain_role(layer), layer)
    return side.through_tokens(side.reader.block(wanted), gain)


def _clearest(a_et: NDArray[np.float32] | None, b_et: NDArray[np.float32] | None) -> Sequence[int]:
    """Return the (base, subject) experts whose router rows are each other's clearest match."""
    if a_et is None or b_et is None or a_et.shape[1] != b_et.shape[1]:
        return 0, 0
    cosine_ef = np.asarray(standardise(a_et) @ standardise(b_et).T, dtype=np.float64)
    if cosine_ef.shape[1] < 2:  # noqa: PLR2004 - one expert is no choice
        return int(cosine_ef[:, 0].argmax()), 0
    ordered = np.sort(cosine_ef, axis=1)
    base = int((ordered[:, -1] - ordered[:, -2]).argmax())
    return base, int(cosine_ef[base].argmax())
