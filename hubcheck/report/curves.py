"""What is a curve over the layers of a model, held against another model's?"""

from __future__ import annotations

from hubcheck.frozen import frozen

Curve = tuple[tuple[float, float], ...]
"""Place in the depth, 0 for the first layer and 1 for the last, and the value there."""


@frozen
class Curves:
    """The curves of a model and of another one, of one kind of matrix."""

    role: str
    subject: Curve
    base: Curve
    correlation: float
    """Pearson's, over the subject's places; of a model of another depth the curve is read between
    its points."""
