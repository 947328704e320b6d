"""Do processes over real sockets do a share of the work each, and tell what one tells?

They meet on this machine's own address, by gloo. SLOW: each test imports torch in two processes or
three, which is nearly all of the seconds that it takes; three, and two machines (of which this one plays
both), take part in ``make long``.
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
TWO = "2 processes"
MACHINES = "two machines"


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


def launchers(way: str) -> list[list[str]]:
    """Return how each machine starts its processes; two machines both lie at 127.0.0.1."""
    if way != MACHINES:
        return [["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", way[0]]]
    shared = ["-m", "accelerate.commands.launch", "--multi_gpu", "--mixed_precision", "no"]
    shared += ["--dynamo_backend", "no", "--main_process_ip", "127.0.0.1"]
    shared += ["--main_process_port", str(free_port()), "--num_processes", "2"]
    return [[*shared, "--num_machines", "2", "--machine_rank", str(n)] for n in range(2)]


@pytest.mark.parametrize("way", taken((TWO,), (TWO, "3 processes", MACHINES)))
def test_the_command_line_speaks_with_one_voice(tmp_path: Path, way: str) -> None:
    """``torchrun``, ``accelerate launch``: one summary, the report of one, nothing left behind."""
    check = ["-m", "hubcheck", "check", str(model("finetune")), "--base", str(model("base"))]
    check += ["--depth", "full", "--seed", "3", "--out", "out"]
    reports = []
    for name, several in (("together", launchers(way)), ("alone", [[]])):
        running = []
        for n, launcher in enumerate(several):
            place = tmp_path / f"{name} {n}"
            place.mkdir()
            running.append(
                subprocess.Popen(
                    [sys.executable, *launcher, *check],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    cwd=place,
                    env=environment(),
                )
            )
        ended = [(one.communicate(timeout=300), one.returncode) for one in running]
        assert not any(code for _, code in ended), ended
        assert [out.count("confirmed") for (out, _), _ in ended] == [1, 0][: len(several)]
        assert sum(said.count("hubcheck: wrote") for (_, said), _ in ended) == 1
        reports.append(json.loads((tmp_path / f"{name} 0" / "out" / "report.json").read_text()))
    together, alone = reports
    assert not list(tmp_path.rglob("*.journal"))
    assert together["processes"] == (3 if way[0] == "3" else 2)
    for one in reports:
        for varies in ("processes", "started", "finished", "seconds"):
            one.pop(varies, None)
    assert together == alone
