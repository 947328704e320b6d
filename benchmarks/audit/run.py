"""Audit two hundred models of a local Hub, kill it on the way, go on, and audit again.

``python -m benchmarks.audit.run [N]`` prints the figures of ``docs/audit.md`` as JSON. The models are
the shipped ones under many names: every third declares another base than it has. What the Hub counts
is what is told, beside what the audit says of itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from hubcheck.demo.run import MODELS
from tests.hubserver.search import SearchableHub

DAY: Final = "2026-01-01T00:00:00.000Z"
KINDS: Final = ("finetune", "continued", "twin")
"""The last one declares a base that it does not come from."""
KILLED_AT: Final = 0.4
"""Share of the models after which the first run is killed."""


def files(name: str, card: bytes) -> dict[str, bytes | Path]:
    """Return the files of a model."""
    found: dict[str, bytes | Path] = {p.name: p for p in (MODELS / name).iterdir() if p.is_file()}
    return {**found, "README.md": card}


def audit(hub: SearchableHub, out: Path, *, kill_after: int = 0) -> dict[str, Any]:
    """Run the command once, in a process of its own; return what it cost by the Hub's count."""
    hub.forget()
    environment = {**os.environ, "HF_ENDPOINT": hub.endpoint, "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "hubcheck", "audit", "acme", "--out", str(out), "--quiet"]
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    journal = out / "audit.jsonl"
    while process.poll() is None:
        time.sleep(0.05)
        lines = journal.read_text().count("\n") if kill_after and journal.exists() else 0
        if kill_after and lines > kill_after:
            process.send_signal(signal.SIGKILL)
            process.wait()
    done = journal.read_text().count("\n") - 1 if journal.exists() else 0
    return {
        "exit_code": process.returncode,
        "seconds": round(time.monotonic() - started, 1),
        "requests": hub.requests,
        "bytes": hub.content_bytes(),
        "left_in_journal": done,
    }


def main() -> int:
    """Print what four runs cost: killed, gone on with, nothing changed, ten pushes."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with SearchableHub() as hub, tempfile.TemporaryDirectory() as place:
        hub.add_model("zoo/base", files("base", b"# B\n"), created=DAY)
        card = b"---\nbase_model: zoo/base\n---\n# M\n"
        for k in range(n):
            hub.add_model(f"acme/m{k:04d}", files(KINDS[k % len(KINDS)], card), created=DAY)
        out = Path(place)
        told: dict[str, Any] = {"models": n}
        told["killed"] = audit(hub, out, kill_after=int(n * KILLED_AT))
        told["gone_on"] = audit(hub, out)
        entries = json.loads((out / "audit.json").read_text())["entries"]
        told["verdicts"] = dict(Counter(e["verdict"] for e in entries))
        told["unchanged"] = audit(hub, out)
        for k in range(0, n, max(1, n // 10)):
            hub.push(f"acme/m{k:04d}", files("twin", card))
        told["ten_pushed"] = audit(hub, out)
        after = json.loads((out / "audit.json").read_text())["entries"]
        told["changed"] = sum(bool(e["changed"]) for e in after)
        told["reused"] = sum(e["reused"] for e in after)
    print(json.dumps(told, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
