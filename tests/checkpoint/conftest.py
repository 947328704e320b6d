"""Settings of the property tests of this folder."""

from __future__ import annotations

from hypothesis import settings

# A loaded machine must not turn a slow example into a failure.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
