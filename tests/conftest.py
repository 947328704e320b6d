"""How property tests draw: afresh at the desk, the same examples every time in CI.

A gate that draws at random fails for reasons the change under test did not cause; whoever runs the
tests by hand explores.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, database=None)
if os.environ.get("CI"):
    settings.load_profile("ci")
