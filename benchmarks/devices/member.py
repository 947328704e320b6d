"""One process of a measured check: the command line, and what it took, written beside it.

``python -m benchmarks.devices.member FOLDER check ...``, alone or by a launcher: when the command is
over, ``FOLDER/RANK.json`` holds the process's peak of memory and its processor time.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

from hubcheck.cli import main


def run() -> int:
    """Run the command, and note what it took."""
    folder = Path(sys.argv[1])
    code = main(sys.argv[2:])
    used = resource.getrusage(resource.RUSAGE_SELF)
    said = {
        "peak_mb": used.ru_maxrss * 1024 / 1e6,
        "cpu_s": used.ru_utime + used.ru_stime,
        "torch": "torch" in sys.modules,
    }
    (folder / f"{os.environ.get('RANK', '0')}.json").write_text(json.dumps(said))
    return int(code)


if __name__ == "__main__":
    sys.exit(run())
