"""With what does the command line carry out a request, and how does it show that?

Here and in ``cli.process``, and in no module below, the command line's environment, clock and token
are named.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hubcheck.check.concluded import conclude_check
from hubcheck.check.run import Outcome
from hubcheck.cli.launch import resources_for, said_of
from hubcheck.cli.process import hub_token, now
from hubcheck.cli.terminal import clear_progress, progress_line, show_nothing, tell
from hubcheck.errors import printable
from hubcheck.evidence.looks.whole.interface import Resources
from hubcheck.report.words import Depth
from hubcheck.request.build import Means
from hubcheck.request.interface import Request, at_least


def means_of(*, root: Path = Path(), cache: Path | None = None, resources: Resources) -> Means:
    """Return what the command line carries a check out with."""
    return Means(
        environment=os.environ,
        find_token=hub_token,
        root=root,
        cache=cache,
        resources=resources,
    )


def resources_of(depth: Depth, state: Path | None) -> Resources:
    """Return what a check of this depth may use."""
    terminal = sys.stderr.isatty()
    found = resources_for(depth, os.environ, state=state, show=progress_line(), terminal=terminal)
    if found.team.main and at_least(depth, Depth.DEEP):
        tell(said_of(found.device))
    return found


def carried_out(request: Request) -> Outcome:
    """Carry a request out, its progress shown by the main process alone."""
    main = request.resources.team.main
    try:
        outcome = conclude_check(
            request, now=now, progress=progress_line() if main else show_nothing
        )
    except KeyboardInterrupt:
        clear_progress()
        if main and request.resources.state is not None:
            place = printable(request.resources.state)
            tell(f"what is done is kept in {place}")
        raise
    if main:
        clear_progress()
    return outcome
