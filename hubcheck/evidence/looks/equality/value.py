"""What does it say of two models which of their tensors are equal bit for bit?"""

from __future__ import annotations

from enum import StrEnum

from hubcheck.frozen import frozen
from hubcheck.statistics.worth import Content


class Outcome(StrEnum):
    """What came of two tensors that may be the same."""

    EQUAL = "equal"
    DIFFERENT = "different"
    PROVES_NOTHING = "proves-nothing"
    """Equal, and any other model would be: few values, or a shape that code computes."""
    BY_CONSTRUCTION = "by-construction"
    """Equal, and integers or of a name under which code stores what it computes."""
    OTHER_DTYPE = "other-dtype"
    OTHER_SHAPE = "other-shape"
    NOT_READ = "not-read"
    """The budget went to others, or it cannot be read in pieces."""


@frozen
class TensorPair:
    """Two tensors that may be the same, and what came of it."""

    base: str
    """Name in the base; hostile text, as all names here."""
    subject: str
    values: int
    """Values of the subject's tensor."""
    outcome: Outcome
    compared: int = 0
    """Values held against each other, in ranges that differ or could prove something."""
    equal: int = 0
    """Those of them in ranges that are equal bit for bit."""
    alike: int = 0
    """Single values of them with equal bits: of a differing range, some may be."""
    whole: bool = False
    """Every value was read."""
    log10_p: float = 0.0
    """Bound on the chance of this equality; see ``statistics.worth``."""
    content: Content = Content.LEARNED
    """What the equal values look like, where they prove nothing."""
    renamed: bool = False
    """Found by its content under another name, the search paid for in ``log10_p``."""


@frozen
class Equality:
    """Everything about the tensors of two models that their bytes say."""

    pairs: tuple[TensorPair, ...]
    """Sorted by the subject's name."""
    only_base: tuple[str, ...]
    """Tensors without a counterpart by name or content."""
    only_subject: tuple[str, ...]
    base_values: int
    """Values of all tensors of the base."""
    subject_values: int
    bytes_compared: int
    """Bytes of one of the two, about: values are what was compared."""

    def of(self, *outcomes: Outcome) -> tuple[TensorPair, ...]:
        """Return the pairs with one of these outcomes."""
        return tuple(pair for pair in self.pairs if pair.outcome in outcomes)

    @property
    def equal(self) -> tuple[TensorPair, ...]:
        """Pairs whose equality is beyond chance."""
        return self.of(Outcome.EQUAL)

    @property
    def agreeing(self) -> tuple[TensorPair, ...]:
        """Pairs that are equal bit for bit in all that was read, whatever that proves."""
        return self.of(Outcome.EQUAL, Outcome.PROVES_NOTHING, Outcome.BY_CONSTRUCTION)

    @property
    def differing(self) -> tuple[TensorPair, ...]:
        """Pairs that differ somewhere in what was read."""
        return self.of(Outcome.DIFFERENT)

    @property
    def tensors_named_alike(self) -> int:
        """Pairs of one name, whatever their shapes."""
        return sum(not pair.renamed for pair in self.pairs)

    @property
    def comparable_values(self) -> int:
        """Values of all tensors that were read on both sides and could prove something."""
        return sum(pair.values for pair in self.of(Outcome.EQUAL, Outcome.DIFFERENT))

    @property
    def compared_values(self) -> int:
        """Values held against each other."""
        return sum(pair.compared for pair in self.of(Outcome.EQUAL, Outcome.DIFFERENT))

    @property
    def equal_values(self) -> int:
        """Values compared, in ranges that are equal bit for bit."""
        return sum(pair.equal for pair in self.of(Outcome.EQUAL, Outcome.DIFFERENT))

    @property
    def values_in_equal(self) -> int:
        """Values of the tensors that are equal as far as they were read."""
        return sum(pair.values for pair in self.equal)

    @property
    def whole(self) -> bool:
        """Whether every pair that could prove something was read to its last value."""
        return all(pair.whole for pair in self.pairs if pair.compared) and not self.of(
            Outcome.NOT_READ
        )

    @property
    def log10_p(self) -> float:
        """Bound on the chance of all equal tensors together, each of the base counted once."""
        return sum({pair.base: pair.log10_p for pair in self.equal}.values())
