"""Tests that ordinary trouble is told as what it is, and that a host that trickles is left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hubcheck.cli import carry_out, main
from hubcheck.report.schema import Report
from hubcheck.source import hub, transport
from hubcheck.source.retry import RetryPolicy
from tests.action.conftest import MODELS
from tests.attacks.registry import attack, attacks
from tests.card.reports import cases
from tests.hubserver.session import close_session

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Return a function that runs the command line and returns exit code and stderr."""

    def command(*words: object) -> tuple[int, str]:
        code = main([*map(str, words)])
        return code, capsys.readouterr().err

    close_session()
    yield command
    close_session()


SETTINGS = {
    "an endpoint that is no address": ("HF_ENDPOINT", "http://[::1", 2),
    "an endpoint with port 99999": ("HF_ENDPOINT", "http://127.0.0.1:99999", 2),
    "a missing SSL_CERT_FILE": ("SSL_CERT_FILE", "/nonexistent", 3),
    "an unknown proxy scheme": ("HTTPS_PROXY", "foo://x:1", 3),
}
attacks(
    "trouble",
    *((name, "exit 5, a fault of hubcheck", f"exit {code}, what to look at")
      for name, (_, _, code) in SETTINGS.items()),
)  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_cannot_be_used_are_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """No fault of hubcheck, and no traceback."""
    variable, value, code = SETTINGS[name]
    monkeypatch.setenv(variable, value)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    ended, said = run("check", MODELS / "finetune", "--base", "zoo/a", "--out", tmp_path / "o")
    assert ended == code, said
    assert "fault of hubcheck" not in said
    assert "Traceback" not in said


def outside(
    words: list[object], *, stdout: int | None = None, close: bool = False, **settings: str
) -> tuple[int, str]:
    """Run the command line in a process of its own and return exit code and stderr."""
    command = [sys.executable, "-P", "-m", "hubcheck", *map(str, words)]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command] if close else command,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | settings,
        check=False,
    )
    return done.returncode, done.stderr


@attack("trouble", "whoever reads the result stops reading, of a check that fails",
        before="exit 120, or 0: a gate behind a pipe is green", now="exit 1")  # fmt: skip
def test_a_reader_that_goes_away_changes_no_exit_code(tmp_path: Path) -> None:
    """``hubcheck check ... | head -1`` under pipefail."""
    reading, writing = os.pipe()
    os.close(reading)
    words = ["check", MODELS / "wrong-declaration", "--base", MODELS / "base", "--out", tmp_path]
    try:
        code, said = outside(words, stdout=writing)
    finally:
        os.close(writing)
    assert (code, "Traceback" in said, "Exception ignored" in said) == (1, False, False), said


@attack("trouble", "stdout without room, or none at all", before="exit 5 and a traceback",
        now="exit 2, or the result's; nothing is lost from `--out`")  # fmt: skip
def test_a_full_or_a_closed_stdout(tmp_path: Path) -> None:
    """The one is told, the other is what whoever started it wanted."""
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        code, said = outside(["explain", "kept"], stdout=full.fileno())
    assert code == 2
    assert "cannot be written to stdout" in said
    assert outside(["explain", "kept"], close=True) == (0, "")


@attack("trouble", "Ctrl-C in the first moment", before="a traceback", now="exit 130, one line")
def test_an_interrupt_while_the_commands_load() -> None:
    """They are imported where an interrupt is awaited."""
    code = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'hubcheck.cli.entry': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from hubcheck.cli import main\n"
        "sys.exit(main(['explain', 'kept']))\n"
    )
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | paths,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "hubcheck: stopped\n")


@attack("trouble", "`RANK=1 WORLD_SIZE=2` left in the environment", before="exit 0, without a word",
        now="a line says that this process does nothing")  # fmt: skip
def test_a_further_process_says_that_it_does_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A launcher's further processes end well; whoever is alone reads why nothing came."""
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    code, said = run("check", MODELS / "finetune", "--out", tmp_path / "o")
    assert code == 0
    assert "process 1 does nothing" in said
    assert "unset RANK" in said


@attack("trouble", "`--out` that cannot be written to", before="exit 2 once all is read",
        now="exit 2 before anything is")  # fmt: skip
@pytest.mark.parametrize("below", ["", "a/b"])
def test_the_place_for_the_result_is_tried_first(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, below: str
) -> None:
    """A file where a folder is wanted, or a folder of the system's; what can be made is not."""

    def too_late(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(carry_out, "conclude_check", too_late)
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", Path("/proc/nowhere")):
        code, said = run("check", MODELS / "finetune", "--out", place / below)
        assert code == 2, said
        assert "Nothing can be written to" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"]


@attack("publish", "a report from anyone, shown by `card` or posted by `publish`",
        before="looks like a check made here", now="says that it was not replayed here")  # fmt: skip
def test_a_given_report_says_that_it_was_not_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In every rendering, and never where the check was just made."""
    path = tmp_path / "report.json"
    path.write_text(cases()["confirmed"].model_dump_json())
    shown = []
    for words in (["card"], ["card", "--format", "html"], ["card", "--format", "text"],
                  ["publish", "--to", "pull-request", "--dry-run"]):  # fmt: skip
        assert main([words[0], str(path), *words[1:]]) == 0
        shown.append(capsys.readouterr().out)
    assert main(["card", str(path), "--out", str(tmp_path / "o")]) == 0
    shown += [(tmp_path / "o" / name).read_text() for name in ("card.md", "card.html")]
    assert ["was not replayed here" in text for text in shown] == [True] * 6
    (tmp_path / "m").mkdir()
    assert main(["publish", str(path), "--to", "model-card", "--folder", str(tmp_path / "m")]) == 0
    assert "was not replayed here" in (tmp_path / "m" / "README.md").read_text()
    capsys.readouterr()
    main(["publish", str(path), "--to", "pull-request", "--dry-run", "--just-checked"])
    assert "was not replayed here" not in capsys.readouterr().out
    check = ["check", str(MODELS / "finetune"), "--base", str(MODELS / "base")]
    main([*check, "--out", str(tmp_path)])
    assert (
        "was not replayed here" not in capsys.readouterr().out + (tmp_path / "card.md").read_text()
    )


@attack("trouble", "a report that is a named pipe", before="waits for ever", now="exit 2")
@pytest.mark.parametrize("words", [("card",), ("replay",), ("publish", "--to", "discussion")])
def test_a_pipe_is_no_report(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Nothing is opened that could keep whoever opens it."""
    os.mkfifo(tmp_path / "report.json")
    code, said = run(words[0], tmp_path / "report.json", *words[1:])
    assert code == 2
    assert "is no file" in said


@attack("publish", "a report that names another folder as its model's", before="that folder's card is written",
        now="exit 2: `--folder` is asked for")  # fmt: skip
def test_a_report_does_not_say_where_to_write(run: Run, tmp_path: Path) -> None:
    """Whoever runs it does."""
    target = tmp_path / "victim"
    shutil.copytree(MODELS / "finetune", target)
    before = (target / "README.md").read_bytes()
    report: Report = next(iter(cases().values()))
    document = report.model_dump(mode="json")
    document["subject"] |= {"ref": str(target), "revision": "local"}
    (tmp_path / "report.json").write_text(json.dumps(document))
    code, said = run("publish", tmp_path / "report.json", "--to", "model-card")
    assert code == 2
    assert "--folder DIR" in said
    assert (target / "README.md").read_bytes() == before
    assert (
        run("publish", tmp_path / "report.json", "--to", "model-card", "--folder", target)[0] == 0
    )
    assert (target / "README.md").read_bytes() != before


class _Trickle(BaseHTTPRequestHandler):
    """Answers with JSON, a byte at a time."""

    def do_GET(self) -> None:
        """Never come to an end."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        try:
            for _ in range(3000):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.02)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@attack("check", "a Hub that answers with a byte a second", before="hangs for ever",
        now="given up as stuck: exit 3")  # fmt: skip
def test_a_host_that_trickles_is_left(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The limit is that of every other transfer."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Trickle)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)
    monkeypatch.setattr(hub, "RetryPolicy", partial(RetryPolicy, attempts=2))
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    began = time.monotonic()
    try:
        code, said = run("check", "zoo/m", "--base", MODELS / "base", "--out", tmp_path / "o")
    finally:
        server.shutdown()
        server.server_close()
    assert code == 3, said
    assert time.monotonic() - began < 40
