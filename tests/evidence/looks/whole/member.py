"""One of several processes that compare two models; started in a test.

``python -m tests.evidence.looks.whole.member OUT BASE SUBJECT...`` in each process: it writes what it got for each
subject to ``OUT/RANK.json``, and how many bytes it read itself. Then the last process is killed
while the others wait for it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from hubcheck.devices.team import team_of
from hubcheck.errors import HubcheckError
from hubcheck.evidence.looks.whole import pieces
from hubcheck.evidence.looks.whole.interface import Resources, WholeChange
from hubcheck.evidence.looks.whole.run import stream
from hubcheck.evidence.refused import Refused
from hubcheck.source.ledger import Ledger
from tests.evidence.looks.whole.laboratory import anatomy


def note(read: list[int], ledger: Ledger, _done: int, _total: int) -> None:
    """Write down what this process has read so far."""
    read.append(ledger.bytes_read)


def refusal(found: Refused) -> list[str]:
    """Return the code, the side and the words of what could not be compared."""
    return [found.code, found.side, str(found.error)]


def main() -> None:
    """Compare, write, and lose one."""
    out, base, *subjects = (Path(name) for name in sys.argv[1:])
    # Small models make few pieces; the processes must have some to share.
    pieces.PIECE_VALUES = 4000  # type: ignore[misc]
    team = team_of(os.environ)
    results: list[dict[str, Any]] = []
    for path in subjects:
        subject = anatomy(path)
        ledger = subject.checkpoint.source.ledger
        before = ledger.bytes_read
        read = [before]
        told = partial(note, read, ledger)
        resources = Resources(team=team, told=told)
        found = stream(anatomy(base), subject, layer_map=(), resources=resources)
        result = {
            "own": read[-1] - before,
            "all": ledger.bytes_read - before,
            "size": subject.checkpoint.n_bytes,
            "found": asdict(found) if isinstance(found, WholeChange) else refusal(found),
        }
        results.append(result)
    said = {"count": team.count, "seed": team.same(team.rank + 41), "of": results}
    (out / f"{team.rank}.json").write_text(json.dumps(said))
    if not team.main and team.rank == team.count - 1:
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        team.gather([team.rank])
    except HubcheckError as error:
        print(f"hubcheck: {error}", file=sys.stderr)
        os._exit(error.exit_code)


if __name__ == "__main__":
    main()
