"""How property tests draw, and what is kept of a long run.

At the desk they draw afresh: whoever runs the tests by hand explores. ``make test`` names the
profile ``ci``, the same examples every time: a gate that draws at random fails for reasons the change
under test did not cause. ``make quick`` takes fewer of them, and ``make fuzz`` draws more,
by seeds that it names.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import settings

from hubcheck.source.retry import RetryPolicy
from tests.results import VARIABLE, Run, keep

# No deadline anywhere: two processes share two cores, and a slow moment is no fault of a reader.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None, database=None)
settings.register_profile("quick", max_examples=20, derandomize=True, deadline=None, database=None)
settings.register_profile("fuzz", max_examples=1000, deadline=None, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")
STARTED = time.monotonic()


@pytest.fixture(scope="session", autouse=True)
def _nobody_waits_for_the_network() -> Iterator[None]:
    """A host that no connection reaches is asked once: cards name models of a Hub that is not there.

    Tests of the waiting itself bring their own policy and clock.
    """
    once = partial(RetryPolicy, connect_attempts=1)
    with pytest.MonkeyPatch.context() as patch:
        for module in ("source.hub", "source.lfs", "candidates.hub_index"):
            patch.setattr(f"hubcheck.{module}.RetryPolicy", once)
        yield


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Keep what a long run found, where one is asked for; workers have no such summary."""
    name = os.environ.get(VARIABLE)
    if not name:
        return
    stats = terminalreporter.stats
    seed = config.getoption("hypothesis_seed", None)
    run = Run(
        passed=[r.nodeid for r in stats.get("passed", [])],
        failed=[r.nodeid for kind in ("failed", "error") for r in stats.get(kind, [])],
        seed="fixed" if seed is None else seed,
        day=datetime.now(UTC).date().isoformat(),
        seconds=time.monotonic() - STARTED,
    )
    keep(name, run)
