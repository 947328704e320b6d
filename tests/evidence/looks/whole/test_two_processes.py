"""Do two processes over real sockets do half of the work each, and tell what one tells?

They meet on this machine's own address, by gloo. SLOW: each test imports torch in two processes or
three, which is nearly all of the seconds that it takes.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from hubcheck.evidence.looks.whole import pieces
from hubcheck.evidence.refused import Why
from tests.evidence.laboratory import model, shipped
from tests.evidence.looks.whole.laboratory import folder, moved, whole

ROOT = Path(__file__).parents[4]


def environment(**more: str) -> dict[str, str]:
    """Return what a process is started with."""
    kept = {k: v for k, v in os.environ.items() if k not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    return kept | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)} | more


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def started(*arguments: str | Path) -> list[dict[str, Any]]:
    """Run ``member`` in two processes, as a launcher starts them, and return what each wrote."""
    meet = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2"}
    command = [sys.executable, "-m", "tests.evidence.looks.whole.member", *map(str, arguments)]
    running = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(RANK=n, LOCAL_RANK=n, LOCAL_WORLD_SIZE="2", **meet),
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in ("0", "1")
    ]
    for one in running:
        _, said = one.communicate(timeout=300)
        assert one.returncode == 0, said
    return [json.loads((Path(arguments[0]) / f"{n}.json").read_text()) for n in (0, 1)]


def test_two_processes_tell_what_one_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the work each, every byte once; both know the same result, bit for bit that of one.

    A value that is no number, met by one of them, ends both with the same words.
    """
    base = folder(tmp_path / "base", shipped("base"))
    subject = folder(tmp_path / "subject", moved(shipped("base"), 0.02))
    broken = shipped("base")
    broken["model.norm.weight"][3] = float("nan")
    both = started(tmp_path, base, subject, folder(tmp_path / "broken", broken))
    monkeypatch.setattr(pieces, "PIECE_VALUES", 4000)
    alone = json.loads(json.dumps(asdict(whole(base, subject)))) | {"processes": 2}
    for one in both:
        assert (one["count"], one["seed"]) == (2, 41)
        good, bad = one["of"]
        assert good["found"] == alone
        assert good["all"] == good["size"]
        code, side, words = bad["found"]
        assert (code, side) == (Why.VALUES, "subject")
        assert "model.norm.weight" in words
    assert 0 < both[0]["of"][0]["own"] < both[0]["of"][0]["size"]
    assert both[0]["of"][1]["found"] == both[1]["of"][1]["found"]


def test_the_command_line_speaks_with_one_voice(tmp_path: Path) -> None:
    """``torchrun -m hubcheck check --depth full``: one summary, one report, of two processes."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node", "2", "-m", "hubcheck", "check", str(model("finetune"))]
    done = subprocess.run(
        [*command, "--base", str(model("base")), "--depth", "full", "--out", "out"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=tmp_path,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("confirmed") == 1
    assert done.stderr.count("hubcheck: wrote") == 1
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["processes"] == 2
    assert not list((tmp_path / "out").glob("*.journal"))
