"""What was seen of one part of two models: the body, a tower, a projector?"""

from __future__ import annotations

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.looks.change.run import CloserLook
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.looks.shapes.interface import NOT_SHAPES, OtherShapes
from hubcheck.evidence.observation import Skip
from hubcheck.evidence.refused import Refused
from hubcheck.frozen import frozen


@frozen
class PartLook:
    """One part of two models, and everything that was seen of it."""

    name: str
    comparison: Comparison
    base: Anatomy
    subject: Anatomy
    change: CloserLook | Refused | Skip = Skip.NOT_RELATED
    """How it moved, where it turned out related."""
    shapes: OtherShapes = NOT_SHAPES
    """What the tests that survive a change of shape saw."""
