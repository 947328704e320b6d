"""What does one MLP show, once rows of both models were read?

Null: ``statistics.increasing`` for the order, ``statistics.signs`` for the coins. The coins do not
depend on how the base's neurons are numbered, so given the coins the order is still uniform, and
the two e-values of a layer multiply. Views of one order, or of the same coins, are averaged.
"""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import Final

import numpy as np

from hubcheck.evidence.family import Block
from hubcheck.evidence.looks.width.match import (
    Matches,
    coins,
    left_out,
    matching_ceiling,
    surest_matches,
)
from hubcheck.evidence.looks.width.reading import LayerRows
from hubcheck.evidence.orders.mlps import MlpRoles, neurons_said
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase
from hubcheck.statistics.assignment import stands_above
from hubcheck.statistics.evalues import log_e_signs, log_mean, log_sum_exp
from hubcheck.statistics.profiles import FloatArray, uncentred
from hubcheck.statistics.signs import FEWEST_PAIRS

WINDOW_WEIGHT: Final = log(0.5)
"""Of the look at a window and of the look at the whole gate: one order, weights fixed beforehand;
a look that was not taken counts 0."""


@frozen
class Place:
    """One MLP in both models."""

    roles: MlpRoles
    base: Block
    subject: Block
    n_base: int
    n_subject: int

    @property
    def label(self) -> Phrase:
        """Which units these are."""
        return neurons_said(self.roles, self.base)


@frozen
class Seen:
    """What one layer shows."""

    place: Place
    view: str
    matches: Matches
    """Of the view with the longest run."""
    log_e_order: float
    ceiling: float
    agreements: int
    coins: int
    log_e_signs: float
    passed_over: tuple[int, ...]

    @property
    def log_e(self) -> float:
        """Order and coins of one layer."""
        return self.log_e_order + self.log_e_signs

    @property
    def stands(self) -> bool:
        """Whether the matched units are alike beyond what matching could reach."""
        return self.matches.units > 0 and stands_above(self.matches.cosine, self.ceiling)


@frozen
class PairRows:
    """The rows of one MLP in both models."""

    place: Place
    base: LayerRows
    subject: LayerRows

    @property
    def base_is_wide(self) -> bool:
        """Whether the base has more neurons."""
        return self.place.n_base > self.place.n_subject

    @property
    def narrow(self) -> LayerRows:
        """The rows of the model with fewer neurons."""
        return self.subject if self.base_is_wide else self.base

    @property
    def wide(self) -> LayerRows:
        """The rows of the model with more neurons."""
        return self.base if self.base_is_wide else self.subject

    @property
    def same_channels(self) -> bool:
        """Whether both residual streams have one width."""
        a, b = self.base.side.anatomy, self.subject.side.anatomy
        return a.geometry.hidden == b.geometry.hidden > 0

    @property
    def fair_signs(self) -> bool:
        """Whether the signs of up rows are coins: the coins are the base's."""
        return self.base.side.anatomy.fair_signs


def judge_window(pair: PairRows) -> Seen:
    """Match the run of the narrower model inside the window of the wider."""
    views = _matched(pair, ("gate", "up"))
    view, matches, log_e = _best_of(views)
    # by the gate alone, so that the up rows' signs had no part in the match
    by_gate = {} if not _gated(pair) else _matched(pair, ("gate",))
    signs = [_signs(pair, frame, m, pair.wide) for frame, (m, _, _) in by_gate.items()]
    return _seen(pair, view, matches, views, log_e + WINDOW_WEIGHT, signs)


def gate_matches(pair: PairRows) -> dict[str, Matches]:
    """Return the matches by gate rows alone (up rows in a model without a gate), by frame."""
    names = ("gate",) if _gated(pair) else ("up",)
    return {frame: matches for frame, (matches, _, _) in _matched(pair, names).items()}


def judge_whole(pair: PairRows, up_of_wide: LayerRows | None, before: Seen) -> Seen:
    """Match the run among all neurons of the wider model, as a second look at the same order.

    Args:
        pair: The run, and all gate rows of the wider model.
        up_of_wide: The up rows of the partners, for the coins; None without a gate.
        before: What the window showed; its coins are the same ones and are replaced.
    """
    views = _matched(pair, ("gate",) if _gated(pair) else ("up",))
    view, matches, log_e = _best_of(views)
    signs = []
    if up_of_wide is not None:
        signs = [_signs(pair, frame, m, up_of_wide) for frame, (m, _, _) in views.items()]
    both = log_sum_exp([before.log_e_order, log_e + WINDOW_WEIGHT])
    seen = _seen(pair, view, matches, views, both, signs)
    # two looks at the same coins: the mean of both, as fixed beforehand
    coins_of_both = log_mean([before.log_e_signs, seen.log_e_signs])
    return replace(seen, log_e_signs=coins_of_both)


def _gated(pair: PairRows) -> bool:
    return "gate" in pair.narrow.by_name and "gate" in pair.wide.by_name


Views = dict[str, tuple[Matches, FloatArray, FloatArray]]
"""Frame to matches and the profiles of the narrower and the wider model."""


def _matched(pair: PairRows, names: tuple[str, ...]) -> Views:
    narrow = pair.narrow.views(names, raw=pair.same_channels)
    wide = pair.wide.views(names, raw=pair.same_channels)
    return {
        frame: (surest_matches(narrow[frame], wide[frame]), narrow[frame], wide[frame])
        for frame in narrow
        if frame in wide and narrow[frame].shape[1] == wide[frame].shape[1]
    }


def _best_of(views: Views) -> tuple[str, Matches, float]:
    """Return the view with the longest run, its matches, and log of the mean e over views."""
    if not views:
        none = np.zeros(0, dtype=np.int64)
        return "", Matches(unit_m=none, partner_m=none, cosine_m=np.zeros(0)), -np.inf
    frame = max(views, key=lambda f: (views[f][0].in_order, views[f][0].cosine))
    return frame, views[frame][0], log_mean([m.log_e for m, _, _ in views.values()])


def _signs(pair: PairRows, frame: str, matches: Matches, wide: LayerRows) -> tuple[int, int]:
    """Return (agreements, coins) of matched up rows in one frame; (0, 0) where too few."""
    if not pair.fair_signs:
        return 0, 0
    units, partners = coins(matches, base_is_wide=pair.base_is_wide)
    if wide is not pair.wide:  # only the partners' rows were read: find each among them
        place_of = {unit: n for n, unit in enumerate(wide.units)}
        partners = np.array([place_of[pair.wide.units[p]] for p in partners], dtype=np.int64)
    if units.size < FEWEST_PAIRS:
        return 0, 0
    a = pair.narrow.up(frame, units.tolist())
    b = wide.up(frame, partners.tolist())
    if a is None or b is None or a.shape != b.shape:
        return 0, 0
    products = np.einsum("uf,uf->u", uncentred(a), uncentred(b))
    return int((products > 0).sum()), int(units.size)


def _seen(
    pair: PairRows,
    view: str,
    matches: Matches,
    views: Views,
    log_e_order: float,
    signs: list[tuple[int, int]],
) -> Seen:
    counted = [pair_ for pair_ in signs if pair_[1]]
    best = max(counted, key=lambda c: log_e_signs(*c), default=(0, 0))
    many = max(pair.place.n_base, pair.place.n_subject)
    ceiling = 1.0
    passed: tuple[int, ...] = ()
    if view:
        _, narrow, wide = views[view]
        ceiling = matching_ceiling(narrow, wide, matches, pool=many)
        units = np.array(pair.wide.units, dtype=np.int64)
        passed = left_out(units[matches.partner_m], matches.unit_m)
    return Seen(
        place=pair.place,
        view=view,
        matches=matches,
        log_e_order=log_e_order,
        ceiling=ceiling,
        agreements=best[0],
        coins=best[1],
        log_e_signs=log_mean([log_e_signs(*c) for c in counted]) if counted else 0.0,
        passed_over=passed,
    )
