"""What is known of one order of the base in a subject of another shape?"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Matrix
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.family import Block
from hubcheck.evidence.looks.sample.comparison import POWER_KEPT
from hubcheck.evidence.row import Row
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase
from hubcheck.statistics.exchangeability import OrderProblem
from hubcheck.statistics.planted import NOT_DETECTABLE


@frozen
class OrderSeen:
    """The neurons of one MLP of the base, held against those of every subject layer drawn."""

    label: Phrase
    base: Block
    subject: Block
    """Where most of it was seen."""
    n_base: int
    n_subject: int
    frame: str
    units: int
    """Surest matches in the pair and frame that show most."""
    in_order: int
    """Of them, the longest run whose partners rise."""
    cosine: float
    ceiling: float
    stands: bool
    """Whether matched neurons are alike beyond what matching strangers reaches, by gate and by up
    each on its own."""
    log_e_order: float
    """Natural log of the mean over subject layers and frames."""
    agreements: int
    coins: int
    log_e_signs: float
    base_matrices: tuple[Matrix, ...]
    subject_matrices: tuple[Matrix, ...]
    detectable_order: float = NOT_DETECTABLE
    """Smallest kept at which a pruned copy whose neurons kept their order would have been seen."""
    detectable_signs: float = NOT_DETECTABLE
    """The same for one whose neurons were sorted or shuffled."""
    ordered: bool = True
    """Whether the base's order is arbitrary. One that was sorted has its coins alone, which see a
    copy in any order."""

    @property
    def log_e(self) -> float:
        """Order and coins of one layer: given the coins the order is still uniform."""
        return self.log_e_order + self.log_e_signs

    @property
    def hits(self) -> bool:
        """Whether this order is notable by itself."""
        return self.log_e >= NOTABLE

    @property
    def detectable(self) -> float:
        """Smallest kept at which a pruned copy would have been seen, sorted or not."""
        if not self.ordered:
            return self.detectable_signs
        return max(self.detectable_order, self.detectable_signs)

    @property
    def sees(self) -> bool:
        """Whether it hits, or would have with a pruned copy that keeps 0.2, sorted or not."""
        return self.hits or self.detectable <= POWER_KEPT


@frozen
class ChannelsSeen:
    """The residual channels of two streams of different widths, by shared tokens' embeddings."""

    n_base: int
    n_subject: int
    units: int
    in_order: int
    cosine: float
    ceiling: float
    log_e: float


@frozen
class OtherShapes:
    """What the tests that survive a change of shape saw."""

    orders: tuple[OrderSeen, ...]
    channels: ChannelsSeen | None
    log_e: float
    """Natural log of the product over distinct orders, nothing paid for."""
    log_e_without_strongest: float
    abstained: tuple[OrderProblem, ...] = ()
    """Why orders of the base say nothing of anyone."""
    sizes: tuple[tuple[str, int, int], ...] = ()
    """(axis, size in the base, size in the subject) of every size that differs."""
    rows: tuple[Row, ...] = ()

    @property
    def was_tested(self) -> bool:
        """Whether anything could be held against each other."""
        return bool(self.orders or self.abstained or self.channels)

    @property
    def seeing(self) -> tuple[OrderSeen, ...]:
        """Orders that hit, or whose silence counts."""
        return tuple(one for one in self.orders if one.sees)

    @property
    def standing(self) -> tuple[OrderSeen, ...]:
        """Orders that hit and whose content stands."""
        return tuple(one for one in self.orders if one.hits and one.stands)

    @property
    def strongest(self) -> float:
        """Natural log of the largest e-value of one order of the body."""
        return max((one.log_e for one in self.orders), default=0.0)

    @property
    def kept(self) -> float:
        """Median cosine of matched neurons over the orders that hit; 0 for none."""
        found = sorted(one.cosine for one in self.orders if one.hits)
        return found[len(found) // 2] if found else 0.0


NOT_SHAPES: Final = OtherShapes(orders=(), channels=None, log_e=0.0, log_e_without_strongest=0.0)
"""Of models whose MLPs are of one size, or that share no frame."""
