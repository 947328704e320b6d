"""In which order are the rules tried?

Rules that say more about their place come before those that only know a name.
"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy import encoder_rules, rules
from hubcheck.anatomy.rule import Rule

INSIDE: Final[tuple[Rule, ...]] = (*encoder_rules.INSIDE, *rules.INSIDE)
"""Rules for paths inside a layer."""
OUTSIDE: Final[tuple[Rule, ...]] = (*encoder_rules.OUTSIDE, *rules.OUTSIDE)
"""Rules for paths outside every layer."""
