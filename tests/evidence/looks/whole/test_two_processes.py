"""Do processes over real sockets do a share of the work each, and tell what one tells?

They meet on this machine's own address, by gloo. SLOW: each test imports torch in two processes or
three, which is nearly all of the seconds that it takes; three take part in ``make long``.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from hubcheck.errors import ExitCode
from hubcheck.evidence.looks.whole import pieces
from hubcheck.evidence.refused import Why
from tests.evidence.laboratory import model, shipped
from tests.evidence.looks.whole.laboratory import folder, moved, whole
from tests.tables import taken

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


def started(count: int, *arguments: str | Path) -> list[dict[str, Any]]:
    """Run ``member`` in some processes, as a launcher starts them; return what each wrote.

    The last one kills itself at the end: the others say so and end, with the documented code.
    """
    size = str(count)
    meet = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": size}
    command = [sys.executable, "-m", "tests.evidence.looks.whole.member", *map(str, arguments)]
    running = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(RANK=n, LOCAL_RANK=n, LOCAL_WORLD_SIZE=size, **meet),
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in map(str, range(count))
    ]
    *left, killed = [(one, one.communicate(timeout=300)[1]) for one in running]
    assert killed[0].returncode == -signal.SIGKILL, killed[1]
    for one, said in left:
        assert one.returncode == ExitCode.UNREACHABLE, said
        assert "another process was killed" in said
    return [json.loads((Path(arguments[0]) / f"{n}.json").read_text()) for n in range(count)]


@pytest.mark.parametrize("count", taken((2,), (2, 3)))
def test_several_processes_tell_what_one_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """A share of the work each, every byte once; all know the same result, bit for bit that of one.

    A value that is no number, met by one of them, ends both with the same words.
    """
    base = folder(tmp_path / "base", shipped("base"))
    subject = folder(tmp_path / "subject", moved(shipped("base"), 0.02))
    broken = shipped("base")
    broken["model.norm.weight"][3] = float("nan")
    every = started(count, tmp_path, base, subject, folder(tmp_path / "broken", broken))
    monkeypatch.setattr(pieces, "PIECE_VALUES", 4000)
    alone = json.loads(json.dumps(asdict(whole(base, subject)))) | {"processes": count}
    for one in every:
        assert (one["count"], one["seed"]) == (count, 41)
        good, bad = one["of"]
        assert good["found"] == alone
        assert good["all"] == good["size"]
        code, side, words = bad["found"]
        assert (code, side) == (Why.VALUES, "subject")
        assert "model.norm.weight" in words
        assert bad["found"] == every[0]["of"][1]["found"]
    assert 0 < every[0]["of"][0]["own"] < every[0]["of"][0]["size"]  # it alone is told


@pytest.mark.parametrize("count", taken((2,), (2, 3)))
def test_the_command_line_speaks_with_one_voice(tmp_path: Path, count: int) -> None:
    """``torchrun -m hubcheck check --depth full``: one summary, and the report of one process."""
    check = ["-m", "hubcheck", "check", str(model("finetune")), "--base", str(model("base"))]
    check += ["--depth", "full", "--seed", "3", "--out"]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(count)]
    reports = []
    for name, launcher in (("out", torchrun), ("alone", [])):
        done = subprocess.run(
            [sys.executable, *launcher, *check, name],
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
        reports.append(json.loads((tmp_path / name / "report.json").read_text()))
    together, alone = reports
    assert not list((tmp_path / "out").glob("*.journal"))
    assert together["processes"] == count
    for one in reports:
        for varies in ("processes", "started", "finished", "seconds"):
            one.pop(varies, None)
    assert together == alone
