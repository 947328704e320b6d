"""Does a job get no secret it does not need, end in time, and never outlive the server?"""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from hubcheck.cli.entry import build_parser
from hubcheck.report.words import Depth
from hubcheck.request.options import Options, options_of
from hubcheck.serve import carry_out
from hubcheck.serve.carry_out import (
    Guarded,
    Later,
    OwnName,
    Ran,
    Stopped,
    addition,
    check_here,
    for_check,
    for_publishing,
    publications,
    read_verdict,
    run_command,
)
from hubcheck.serve.job import Result, State
from hubcheck.serve.payload import MAIN, Push
from hubcheck.serve.settings import CheckHere
from tests.hubserver import LocalHub, Slow
from tests.serve.hookedhub import payload, post
from tests.serve.receiving import SECRET, Receiving, until

SHA: Final = "e" * 40
FULL: Final = {
    "HUBCHECK_WEBHOOK_SECRET": "s", "HUBCHECK_WEBHOOK_SECRET_PREVIOUS": "s",
    "HUBCHECK_PAGE_PASSWORD": "s", "HUBCHECK_GITHUB_TOKEN": "s", "WEBHOOK_SECRET": "s",
    "HUBCHECK_WRITE_TOKEN": "w", "HF_TOKEN": "h", "PATH": "p",
}  # fmt: skip


def test_a_check_gets_no_token_that_writes() -> None:
    """What reads strangers' files holds no secret; HF_TOKEN only if no token is named to read."""
    assert for_check(FULL) == {"HF_TOKEN": "h", "PATH": "p"}
    assert for_check(FULL | {"HUBCHECK_READ_TOKEN": "r"}) == {
        "HUBCHECK_READ_TOKEN": "r",
        "PATH": "p",
    }


def test_a_publication_gets_the_token_and_no_other_secret() -> None:
    """Neither the webhook's secret nor the page's password leaves the server."""
    assert for_publishing(FULL) == {"HUBCHECK_WRITE_TOKEN": "w", "HF_TOKEN": "h", "PATH": "p"}


def plan(*publish: str, create_pr: bool = False) -> CheckHere:
    """Return a plan."""
    return CheckHere(
        depth="sample", max_read=1, fail_on="", suspects=(), publish=publish,
        create_pr=create_pr, seconds=10,
    )  # fmt: skip


def test_where_a_result_goes() -> None:
    """A pull request gets its comment; only main moves the model card."""
    on_main = Push(repo="a/b", ref=MAIN, old_sha="", new_sha=SHA)
    on_request = Push(repo="a/b", ref="refs/pr/7", old_sha="", new_sha=SHA)
    both = plan("discussion", "model-card", create_pr=True)
    report = Path("r.json")
    assert publications(on_main, report, both) == [
        ["publish", "r.json", "--to", "discussion", "--just-checked"],
        ["publish", "r.json", "--to", "model-card", "--just-checked", "--create-pr"],
    ]
    assert publications(on_request, report, both) == [
        ["publish", "r.json", "--to", "discussion", "--just-checked", "--number", "7"]
    ]
    assert publications(on_main, report, plan()) == []


def endless(folder: Path) -> list[str]:
    """Return a command that runs until it is ended: a receiver of its own."""
    return ["serve", "--port", "0", "--allow", "a/b", "--state", str(folder / "state")]


def environment() -> dict[str, str]:
    """Return the variables that the endless command needs."""
    return dict(os.environ) | {"HUBCHECK_WEBHOOK_SECRET": SECRET}


def test_a_command_is_ended_at_its_limit(tmp_path: Path) -> None:
    """A check that hangs is a failed job with its reason, and its process is gone."""
    ran = run_command(endless(tmp_path), tmp_path, environment(), 1.5, threading.Event())
    note = "hubcheck serve took more than 2 s and was ended"
    assert ran.ending == Result(state=State.FAILED, note=note)
    assert not is_locked(tmp_path / "lock")


def test_a_command_is_ended_when_the_server_stops(tmp_path: Path) -> None:
    """The event ends it at once, and the job counts as not run."""
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    assert run_command(endless(tmp_path), tmp_path, environment(), 60, stop).ending == Stopped()
    assert time.monotonic() - began < 10


def test_what_a_command_says_last_is_kept(tmp_path: Path) -> None:
    """The first line of a refusal, printable and without a line break."""
    ran = run_command(
        ["check", "no such\x1b[2J"], tmp_path, dict(os.environ), 60, threading.Event()
    )
    assert ran.code == 2
    assert ran.said.startswith("hubcheck: 'no such\\x1b[2J' is neither")


@pytest.mark.parametrize(("code", "again"), [(0, False), (1, False), (3, True), (4, False)])
def test_a_network_fault_is_tried_again_and_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, again: bool
) -> None:
    """Exit code 3 leaves a report that says nothing of the model; every other one is a result."""

    def ran(words: list[str], folder: Path, *_: object) -> Ran:
        report = '{"verdict": "inconclusive", "conclusion": "neutral"}'
        (folder / "report.json").write_text(report)
        return Ran(code=code if words[0] == "check" else 0, said="")

    monkeypatch.setattr(carry_out, "run_command", ran)
    monkeypatch.setattr(Guarded, "look", lambda *_: None)
    guarded = Guarded(
        endpoint="", environment={}, own_name=OwnName(endpoint="", environment={}),
        tell=lambda *_a, **_k: None,
    )  # fmt: skip
    push = Push(repo="a/b", ref=MAIN, old_sha="", new_sha=SHA)
    ending = check_here(push, tmp_path / "job", plan("discussion"), guarded, threading.Event())
    assert isinstance(ending, Later if again else Result)


def test_what_is_asked_of_a_check_is_what_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command is read back as the pushed commit and every option of the receiver."""
    asked: list[Options] = []

    def ran(words: list[str], _folder: Path, *_: object) -> Ran:
        arguments = build_parser().parse_args(words)
        assert arguments.out == tmp_path / "job"
        asked.append(options_of(arguments))
        return Ran(code=4, said="")

    monkeypatch.setattr(carry_out, "run_command", ran)
    monkeypatch.setattr(Guarded, "look", lambda *_: None)
    guarded = Guarded(
        endpoint="", environment={}, own_name=OwnName(endpoint="", environment={}),
        tell=lambda *_a, **_k: None,
    )  # fmt: skip
    work = CheckHere(
        depth="deep", max_read=9, fail_on="none", suspects=("auto", "a/x"), publish=(),
        create_pr=False, seconds=60,
    )  # fmt: skip
    push = Push(repo="a/b", ref=MAIN, old_sha="", new_sha=SHA)
    check_here(push, tmp_path / "job", work, guarded, threading.Event())
    assert asked == [
        Options(
            subject=f"a/b@{SHA}", suspects=("auto", "a/x"), depth=Depth.DEEP, max_read=9,
            fail_on="none",
        )
    ]  # fmt: skip


def test_what_is_pushed_to_main_is_added_to_the_catalogue() -> None:
    """A pull request is a proposal; without a catalogue nothing is added; the words are read."""
    on_main = Push(repo="a/b", ref=MAIN, old_sha="", new_sha=SHA)
    on_request = Push(repo="a/b", ref="refs/pr/7", old_sha="", new_sha=SHA)
    keeps = replace(plan(), catalogue="models/catalogue")
    arguments = build_parser().parse_args(addition(on_main, keeps))
    assert (arguments.model, str(arguments.to)) == (f"a/b@{SHA}", "models/catalogue")
    assert not arguments.closed
    assert addition(on_request, keeps) == addition(on_main, plan()) == []


def test_a_report_that_is_none_has_no_verdict(tmp_path: Path) -> None:
    """Missing, half-written and foreign files are no verdict."""
    path = tmp_path / "report.json"
    assert read_verdict(path) == ("", "")
    for text in ("", "{", "[]", '{"verdict": "confirmed"}', "\xff"):
        path.write_text(text, encoding="latin-1")
        assert read_verdict(path) == ("", "")


def is_locked(path: Path) -> bool:
    """Return whether a process holds the lock of a folder."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_a_job_does_not_outlive_a_killed_server(tmp_path: Path) -> None:
    """When the server is killed, the process of its job ends by itself."""
    code = (
        "import os, sys, threading; from pathlib import Path\n"
        "from hubcheck.serve.carry_out import run_command\n"
        "run_command(sys.argv[2:], Path(sys.argv[1]), os.environ, 60, threading.Event())\n"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), *endless(tmp_path)], env=environment()
    )
    until((tmp_path / "state" / "queue.sqlite").exists)
    assert is_locked(tmp_path / "lock")
    server.send_signal(signal.SIGKILL)
    server.wait()
    until(lambda: not is_locked(tmp_path / "lock"), seconds=10)


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_a_check_that_was_interrupted_runs_again(tmp_path: Path, how: str) -> None:
    """Asked to stop or killed: the running job waits again, and no process is left behind."""
    with LocalHub() as hub:
        hub.add_repo("acme/m", {"config.json": b"{}", "model.safetensors": b"x"})
        pushed = hub.push("acme/m", {"config.json": b"{ }"}).oid
        words = ("--allow", "acme/*", "--publish", "none", "--grace", "0")
        with Receiving(tmp_path, *words, environment={"HF_ENDPOINT": hub.endpoint}) as receiver:
            hub.faults.add(Slow(seconds=60), path=f"/api/models/acme/m/revision/{pushed}")
            post(receiver.url, payload("acme/m", MAIN, None, pushed), SECRET)
            lock = tmp_path / "jobs" / "1" / "lock"
            until(lambda: lock.exists() and is_locked(lock))
            if how == "terminate":
                assert receiver.terminate() == 0
            else:
                receiver.kill()
            until(lambda: not is_locked(lock), seconds=10)
        with closing(sqlite3.connect(tmp_path / "queue.sqlite")) as db:
            state, attempts = db.execute("SELECT state, attempts FROM jobs").fetchone()
        expected = {"terminate": ("waiting", 0), "kill": ("running", 1)}
        assert (state, attempts) == expected[how]


def test_two_servers_do_not_share_a_queue(tmp_path: Path) -> None:
    """The second one refuses to start, and says why."""
    with Receiving(tmp_path, "--allow", "a/b", environment={}) as first:
        second = subprocess.run(
            [sys.executable, "-m", "hubcheck", "serve", "--allow", "a/b", "--port", "0", "--state",
             str(tmp_path)],
            env=environment(), capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert second.returncode == 2
        assert "is used by another server" in second.stderr
        assert first.get("/healthz")[0] == 200
