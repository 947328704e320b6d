"""On which device, and with how many processes, does a deep or full check run?

One command from one CPU to several machines: the launcher (``torchrun``, ``accelerate launch``)
says in the environment how many processes there are. ``headers`` and ``sample`` are over before
processes could share them: there the first one works and the others end at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from hubcheck.cli.terminal import tell
from hubcheck.devices.choice import Device, Kind, choose, signs_of_accelerator
from hubcheck.devices.team import ALONE, is_main, started_processes, team_of
from hubcheck.errors import UsageError, counted, printable
from hubcheck.evidence.looks.whole.interface import Resources
from hubcheck.evidence.looks.whole.journal import sweep
from hubcheck.evidence.looks.whole.meter import IN_LOG, ON_TERMINAL, Meter
from hubcheck.installation import Extra, adds
from hubcheck.report.phrases import Clauses, PhraseCode, phrase
from hubcheck.report.words import Depth
from hubcheck.request.interface import at_least


def nothing_to_do(depth: Depth, environment: Mapping[str, str]) -> bool:
    """Return whether this is a further process of a check that needs one; it says so, then."""
    if at_least(depth, Depth.DEEP) or is_main(environment):
        return False
    rank = environment.get("RANK", "")
    tell(
        f"process {printable(rank, limit=8)} does nothing: at depth {depth.value} process 0 works "
        "alone. If this one was started alone, unset RANK."
    )
    return True


def resources_for(
    depth: Depth,
    environment: Mapping[str, str],
    *,
    state: Path | None,
    show: Callable[[str], None],
    terminal: bool,
) -> Resources:
    """Return what a check of this depth may use; nothing is started below ``deep``.

    Args:
        depth: The depth.
        environment: Of the process.
        state: Where a full check keeps what it has done.
        show: Shows one line of progress.
        terminal: Whether lines are redrawn.

    Raises:
        UsageError: several processes were started, and the packages that join them are missing.
    """
    if not at_least(depth, Depth.DEEP):
        return Resources()
    missing = [name for name in ("torch", "accelerate") if find_spec(name) is None]
    if missing and started_processes(environment) > 1:
        raise UsageError(
            f"{started_processes(environment)} processes were started, and {missing[0]} is not "
            "installed.",
            cause="hubcheck was installed without the packages that join processes.",
            next_step=f"run {adds(Extra.DEEP)}, or start one process.",
        )
    team = ALONE if missing else team_of(environment)
    device = choose(local_rank=team.local_rank, local_count=team.local_count)
    notes: Clauses = ()
    if missing and signs_of_accelerator():
        notes = (phrase(PhraseCode.MACHINE, missing=missing[0]),)
    # The others say nothing: their share stands for the same part of theirs.
    meter = Meter(show, time.monotonic, every=ON_TERMINAL if terminal else IN_LOG)
    return Resources(
        team=team,
        device=device,
        state=state if depth is Depth.FULL else None,
        told=meter if team.main else Resources().told,
        notes=notes,
    )


def said_of(device: Device) -> str:
    """Return what does the arithmetic, and that nobody chose it by hand."""
    if device.kind is Kind.NUMPY:
        return f"computing with NumPy on {counted(device.threads, 'core')}: no accelerator is used"
    return f"computing with torch on {device}"


def ended(resources: Resources) -> None:
    """Forget what a finished check kept, and leave the other processes."""
    team = resources.team
    if resources.state is not None:
        team.same(None)  # the first process comes here once the report is written
        if team.local_rank == 0:  # each machine has kept its own
            sweep(resources.state)
    team.close()
