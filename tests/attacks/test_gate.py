"""Tests that the required gate is green only for what was tested, and never waits for ever.

Each case is a pull request whose head commit the second stage reads over the API and checks.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from action import stage_publish
from hubcheck.errors import ExitCode, NetworkFaultError
from tests.action.conftest import HEAD, MODELS, Ended, Job, finished_run
from tests.attacks.registry import attack, attacks
from tests.evidence.laboratory import shipped
from tests.githubserver.server import Fault
from tests.githubserver.world import NAME, Login
from tests.hubserver import Content
from tests.material.formats.folder import write_model

FOLDER: Final = "models/tiny"
WEIGHTS: Final = f"{FOLDER}/model.safetensors"
STOLEN: Final = "wrong-declaration"
"""Its card says zoo/base, its weights come from elsewhere: ``contradicted`` where they are read."""
ROOT: Final = Path(__file__).parents[2]

Files = dict[str, bytes]


def files_of(name: str, folder: str = FOLDER) -> Files:
    """Return the files of a model of the demo, as a commit holds them."""
    return {f"{folder}/{p.name}": p.read_bytes() for p in (MODELS / name).iterdir()}


def recheck(job: Job, files: Files, **inputs: str) -> Ended:
    """Run the gate over a head commit with these files."""
    job.github.world.add_commit(HEAD, files)
    job.inputs |= {"mode": "check", **inputs}
    return job.run("workflow_run", finished_run())


def states(job: Job) -> list[str]:
    """Return the states that the required status went through."""
    return [s["state"] for s in job.github.world.statuses if s["context"] == "hubcheck"]


def last(job: Job) -> tuple[str, str]:
    """Return state and text of the required status as it stands."""
    status = job.github.world.statuses[-1]
    return status["state"], status["description"]


def moved(files: Files, to: str) -> Files:
    """Return the files with the weights under another name."""
    return {to if path == WEIGHTS else path: data for path, data in files.items()}


def changed(files: Files, path: str, data: bytes) -> Files:
    """Return the files with one of them changed."""
    return {**files, path: data}


def padded(files: Files, n_bytes: int) -> Files:
    """Return the files with blanks after the weights' header, as loaders allow."""
    data = files[WEIGHTS]
    length = int.from_bytes(data[:8], "little")
    text = data[8 : 8 + length] + b" " * n_bytes
    return changed(files, WEIGHTS, len(text).to_bytes(8, "little") + text + data[8 + length :])


def without_weights(files: Files) -> Files:
    """Return the files without the weights."""
    return {path: data for path, data in files.items() if path != WEIGHTS}


def declaring(files: Files, base: str) -> Files:
    """Return the files with another declared base."""
    card = files[f"{FOLDER}/README.md"].replace(
        b"base_model: zoo/base", f"base_model: {base}".encode()
    )
    return changed(files, f"{FOLDER}/README.md", card)


def nowhere(files: Files) -> Files:
    """Return the files with a base that is not there, and no other name anywhere."""
    return changed(files, f"{FOLDER}/README.md", b"---\nbase_model: zoo/missing\n---\n")


def pointer(n: int) -> bytes:
    """Return a pointer to an object that no server has."""
    return Content(b"x" * n).pointer


@dataclass(frozen=True)
class Trick:
    """How the same weights are handed in so that they might not be looked at."""

    name: str
    change: Callable[[Files], Files]
    state: str
    code: ExitCode
    text: str


E = ExitCode
TRICKS: Final = (
    Trick("as they are", lambda f: f, "failure", E.POLICY_FAILED, "contradicted: 1 of 1"),
    Trick("broken header", lambda f: changed(f, WEIGHTS, b"\xff" * 8 + f[WEIGHTS][8:]),
          "error", E.UNREADABLE, "the weights are unreadable"),
    Trick("cut short", lambda f: changed(f, WEIGHTS, f[WEIGHTS][:-9]),
          "error", E.UNREADABLE, "the weights are unreadable"),
    Trick("weights deleted", without_weights, "failure", E.POLICY_FAILED, "holds no weights"),
    Trick("folder deleted", lambda _f: {"README.md": b"x"}, "error", E.USAGE, "has no model in"),
    Trick("folder moved", lambda _f: files_of(STOLEN, "models/other"),
          "error", E.USAGE, "has no model in"),
    Trick("renamed .gguf", lambda f: moved(f, f"{FOLDER}/model.gguf"),
          "error", E.OK, "the weights cannot be read"),
    Trick("a .gguf that is nothing", lambda f: moved(changed(f, WEIGHTS, b"x" * 99),
                                                     f"{FOLDER}/model.gguf"),
          "error", E.UNREADABLE, "the weights are unreadable"),
    Trick("renamed .bin", lambda f: moved(f, f"{FOLDER}/pytorch_model.bin"),
          "error", E.OK, "the weights cannot be read"),
    Trick("renamed .dat", lambda f: moved(f, f"{FOLDER}/weights.dat"),
          "failure", E.POLICY_FAILED, "holds no weights"),
    Trick("@ in the file's name", lambda f: moved(f, f"{FOLDER}/model@v2.safetensors"),
          "failure", E.POLICY_FAILED, "contradicted: 1 of 1"),
    Trick("a name that starts with a dash", lambda f: moved(f, f"{FOLDER}/-rf.safetensors"),
          "failure", E.POLICY_FAILED, "contradicted: 1 of 1"),
    Trick("a name that is no file's", lambda f: moved(f, f"{FOLDER}/m\u202eodel.safetensors"),
          "failure", E.POLICY_FAILED, "holds no weights"),
    Trick("@ in a folder", lambda f: moved(f, f"{FOLDER}/v@2/model.safetensors"),
          "failure", E.POLICY_FAILED, "no model lies at the top level"),
    Trick("nested folders", lambda f: moved(f, f"{FOLDER}/a/b/c/d/model.safetensors"),
          "failure", E.POLICY_FAILED, "no model lies at the top level"),
    Trick("over 20 MB", lambda f: padded(f, 21_000_000),
          "failure", E.POLICY_FAILED, "contradicted: 1 of 1"),
    Trick("base that is not there", lambda f: declaring(f, "zoo/missing"),
          "error", E.OK, "not every base could be tested: zoo/missing"),
    Trick("no base that is there", nowhere,
          "error", E.OK, "nothing was compared: no base could be tested"),
    Trick("no base", lambda f: changed(f, f"{FOLDER}/README.md", b"# mine\n"),
          "error", E.OK, "nothing was compared: no base is declared"),
    Trick("large file that nobody has", lambda f: changed(f, WEIGHTS, pointer(1_000_000)),
          "error", E.OK, "Git LFS pointers without their content"),
)  # fmt: skip


WAS_GREEN: Final = frozenset(
    {"broken header", "weights deleted", "renamed .gguf", "@ in the file's name", "nested folders",
     "over 20 MB", "base that is not there", "large file that nobody has"}
)  # fmt: skip
"""What the first gate was tried with."""
attacks(
    "gate",
    *(
        (
            f"stolen weights, {t.name}",
            "success" if t.name in WAS_GREEN else "-",
            f"{t.state}: {t.text}",
        )
        for t in TRICKS
    ),
)


@pytest.mark.parametrize("trick", TRICKS, ids=lambda t: t.name)
def test_no_trick_turns_the_gate_green(job: Job, trick: Trick) -> None:
    """The weights are read and judged, or the status says why not; it is never success."""
    job.server = job.hub.endpoint
    job.hub.add_repo(f"stranger/{NAME}", {"README.md": b"a fork"})
    job.github.world.pulls[7]["fork"] = True
    ended = recheck(job, trick.change(files_of(STOLEN)))
    assert ended.code is trick.code, ended.log
    assert states(job) == ["pending", trick.state]
    assert trick.text in last(job)[1]
    assert ended.outputs["status"] == trick.state
    assert not any("Traceback" in line for line in ended.log)


@pytest.mark.parametrize("name", ["GGUF F16", "PyTorch .bin", "PyTorch .bin, 2 shards"])
@pytest.mark.parametrize("model", ["finetune", STOLEN])
def test_every_weight_format_is_fetched(job: Job, tmp_path: Path, name: str, model: str) -> None:
    """A model is checked in the format it is published in, honest or not."""
    config = json.loads((MODELS / model / "config.json").read_text())
    weights = {n: np.asarray(w) for n, w in shipped(model).items()}
    write_model(tmp_path / "made", weights, config, name, beside=MODELS / model)
    files = {f"{FOLDER}/{p.name}": p.read_bytes() for p in (tmp_path / "made").iterdir()}
    files[f"{FOLDER}/README.md"] = (MODELS / model / "README.md").read_bytes()
    recheck(job, files)
    assert last(job)[0] == ("success" if model == "finetune" else "failure")


def test_an_honest_model_is_green(job: Job) -> None:
    """And the outputs say the same."""
    ended = recheck(job, files_of("finetune"))
    assert ended.code is ExitCode.OK
    assert last(job) == ("success", "confirmed: 1 of 1 base tested")
    assert ended.outputs["status"] == "success"


@attack(
    "gate",
    "`@` in the name of the model's folder",
    before="-",
    now="failure: read as a folder",
)
def test_a_folder_with_an_at_sign_is_a_folder(job: Job) -> None:
    """The input names it; nothing is looked up on the Hub at a revision of that name."""
    job.put_model(folder="models/tiny@v2")
    recheck(job, files_of(STOLEN, "models/tiny@v2"), model="models/tiny@v2")
    assert last(job) == ("failure", "contradicted: 1 of 1 base tested")


@pytest.mark.parametrize("model", ["finetune", STOLEN])
def test_large_files_of_a_fork_are_read_by_range(job: Job, model: str) -> None:
    """What a pointer stands for is read where the fork keeps it, without the job's token."""
    job.server = job.hub.endpoint
    files = files_of(model)
    job.hub.add_repo(f"stranger/{NAME}", {"model.safetensors": files[WEIGHTS]})
    job.github.world.pulls[7]["fork"] = True
    recheck(job, changed(files, WEIGHTS, Content(files[WEIGHTS]).pointer))
    assert last(job)[0] == ("success" if model == "finetune" else "failure")
    asked = [e.headers for e in job.hub.exchanges if e.method == "POST"]
    assert asked
    assert not any("authorization" in headers for headers in asked)


@attack(
    "gate",
    "a file beyond what GitHub serves, and a link in the model's place",
    before="success",
    now="error: not readable here",
)
def test_what_git_cannot_give_is_named(job: Job) -> None:
    """A file beyond what GitHub serves, and a link: not readable here, and never skipped."""
    files = files_of("finetune")
    job.github.world.add_commit(HEAD, files)
    entries = job.github.world.trees[HEAD]
    extra = next(e for e in entries if e["path"] == f"{FOLDER}/config.json")
    entries.append(extra | {"path": f"{FOLDER}/model.gguf", "size": 200_000_000})
    entries.append(extra | {"path": f"{FOLDER}/tokenizer.model", "mode": "120000"})
    job.inputs["mode"] = "check"
    ended = job.run("workflow_run", finished_run())
    state, text = last(job)
    assert state == "error"
    assert text.startswith(f"not readable here: {FOLDER}/model.gguf")
    assert "a link or a submodule" in ended.summary


@attack(
    "gate",
    "a `.GIT` folder in the commit that names a server for large files",
    before="-",
    now="error: not readable here, the folder is not written",
)
def test_a_commits_git_folder_is_not_written(job: Job) -> None:
    """It could say that the large files lie on a server of the pull request's choice."""
    config = b'[lfs]\n\turl = "http://127.0.0.1:9/"\n'
    files = {**files_of("finetune"), f"{FOLDER}/.GIT/config.json": config}
    recheck(job, files)
    assert last(job)[0] == "error"
    assert "not readable here" in last(job)[1]


@attack(
    "gate",
    "two bases declared, one of them not there",
    before="-",
    now="error: not every base could be tested",
)
@pytest.mark.parametrize(("allowed", "state"), [(False, "error"), (True, "success")])
def test_every_declared_base_has_to_be_tested(job: Job, allowed: bool, state: str) -> None:
    """One of two is not there: not green, unless the policy file accepts that."""
    entry = "allow:\n  - base: zoo/missing\n    reason: it was renamed\n" if allowed else ""
    job.write(".github/hubcheck.yml", entry or "warn-only: false\n")
    files = declaring(files_of("finetune"), "[zoo/base, zoo/missing]")
    ended = recheck(job, files)
    assert ended.code is ExitCode.OK
    assert last(job)[0] == state
    if not allowed:
        assert last(job)[1] == "not every base could be tested: zoo/missing"


def test_what_a_user_says_about_weights_stands(job: Job) -> None:
    """With a policy of its own the workflow is not held to the default: neutral, and not green."""
    ended = recheck(job, without_weights(files_of(STOLEN)), **{"fail-on": "undeclared"})
    assert ended.code is ExitCode.OK
    assert last(job)[0] == "error"


def test_weights_that_stop_answering_are_an_error(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3 is never green."""

    def cut_off(*_: Any, **__: Any) -> Any:
        raise NetworkFaultError("The line is cut.", cause="a storm.", next_step="wait.")

    monkeypatch.setattr(stage_publish, "run_check", cut_off)
    assert recheck(job, files_of("finetune")).code is ExitCode.UNREACHABLE
    assert last(job) == ("error", "nothing was checked: The line is cut.")


# -- never pending for ever -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "error"),
    [
        *(("run_check", e) for e in (KeyboardInterrupt, SystemExit, MemoryError, ValueError)),
        *((where, ValueError) for where in ("fetch_model", "opened", "write_everywhere")),
        ("write_everywhere", SystemExit),
    ],
)
def test_whatever_ends_the_run_ends_the_waiting(
    job: Job, monkeypatch: pytest.MonkeyPatch, error: type[BaseException], where: str
) -> None:
    """Before the check, in it, and after it."""

    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(stage_publish, where, fail)
    if issubclass(error, Exception):
        ended = recheck(job, files_of("finetune"))
        assert ended.code is ExitCode.INTERNAL
        assert ended.outputs["status"] == "error"
    else:
        with pytest.raises(error):
            recheck(job, files_of("finetune"))
    assert states(job) == ["pending", "error"]


def test_a_comment_that_fails_leaves_the_result(job: Job) -> None:
    """Trouble while publishing is a warning: the status is the result's."""
    job.github.faults.append(Fault("comments|graphql", status=500, times=999))
    ended = recheck(job, files_of("finetune"))
    assert ended.code is ExitCode.OK
    assert states(job) == ["pending", "success"]
    assert any("the comment was not written" in w for w in ended.annotations("warning"))


def test_a_status_is_sent_again(job: Job) -> None:
    """One lost answer does not leave the gate waiting."""
    job.github.faults.append(Fault(f"POST .*/statuses/{HEAD}", status=502, times=2))
    assert recheck(job, files_of("finetune")).code is ExitCode.OK
    assert states(job)[-1] == "success"


@attack(
    "gate",
    "GitHub takes no result after `pending`",
    before="-",
    now="the run ends with 3",
)
def test_a_result_that_github_never_takes_is_not_a_green_run(job: Job) -> None:
    """``pending`` stands, so the run ends with 3 and can be seen and run again."""
    puts = f"POST .*/statuses/{HEAD}"
    seen: list[str] = []

    def after_the_first(line: str) -> None:
        if "/statuses/" in line:
            seen.append(line)
        if len(seen) == 1 and not job.github.faults:
            # This request is carried out, every later one is refused.
            job.github.faults.append(Fault(puts, status=500, after=True, times=1))
            job.github.faults.append(Fault(puts, status=422, times=999))

    job.github.before = after_the_first
    ended = recheck(job, files_of("finetune"))
    assert "pending" in states(job)
    assert "success" not in states(job)
    assert ended.code is ExitCode.UNREACHABLE


def test_a_token_that_may_not_set_a_status_is_a_notice(job: Job) -> None:
    """Nothing waits then, and the run says what came out."""
    job.token = "fork"
    job.github.world.tokens["fork"] = Login(write=False)
    assert recheck(job, files_of("finetune")).code is ExitCode.OK
    assert states(job) == []


@attack("gate", "the job is cancelled while it reads", before="-", now="error")
def test_a_cancelled_job_ends_the_waiting(job: Job) -> None:
    """The runner's SIGTERM reaches the process while it reads: the status says error."""
    job.github.world.add_commit(HEAD, files_of("finetune"))
    job.inputs["mode"] = "check"
    environment = {
        **os.environ,
        **job.environment("workflow_run", finished_run(), HEAD),
        "HF_ENDPOINT": job.hub.endpoint,
        "PYTHONPATH": str(ROOT),
    }
    hold = time.monotonic() + 60

    def slow(line: str) -> None:
        if "/git/blobs/" in line:
            while not ended and time.monotonic() < hold:
                time.sleep(0.05)

    ended: list[bool] = []
    job.github.before = slow
    with subprocess.Popen(
        [sys.executable, "-m", "action"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL
    ) as process:
        while states(job) != ["pending"] and time.monotonic() < hold:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        ended.append(True)
    assert process.returncode == 128 + signal.SIGTERM
    assert states(job) == ["pending", "error"]


# -- the other surfaces ---------------------------------------------------------------------------


def test_a_reported_result_follows_the_same_rule(job: Job) -> None:
    """A first stage that compared nothing is reported as an error, not as a success."""
    import io
    import zipfile

    job.inputs["depth"] = "headers"
    first = job.on_pull_request(fork=True)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("report.json", (job.workspace / first.outputs["report-path"]).read_bytes())
    job.github.world.artifacts[77] = [(5, "hubcheck-report", archive.getvalue())]
    second = job.run("workflow_run", finished_run(run_id=77))
    assert second.code is ExitCode.OK
    assert last(job) == ("error", "nothing was compared: no base could be tested")
    assert second.outputs["status"] == "error"


def test_a_report_that_is_none_is_an_error(job: Job) -> None:
    """The first stage uploaded nothing: said on the commit, and the run fails."""
    assert job.run("workflow_run", finished_run(run_id=77)).code is not ExitCode.OK
    assert last(job)[0] == "error"


@pytest.mark.parametrize(
    ("model", "level", "status", "code"),
    [
        ("no weights", "error", "failure", ExitCode.POLICY_FAILED),
        ("no base", "warning", "error", ExitCode.OK),
        ("missing base", "warning", "error", ExitCode.OK),
    ],
)
def test_a_check_that_compared_nothing_says_so_on_every_surface(
    job: Job, model: str, level: str, status: str, code: ExitCode
) -> None:
    """Annotation, summary, comment, outputs; a named model without weights fails the job."""
    folder = job.workspace / FOLDER
    match model:
        case "no weights":
            (folder / "model.safetensors").unlink()
        case "no base":
            (folder / "README.md").write_text("# mine\n")
        case _:
            (folder / "README.md").write_text("---\nbase_model: zoo/missing\n---\n")
    ended = job.on_pull_request()
    assert ended.code is code
    assert ended.outputs["status"] == status
    (comment,) = job.github.world.comments[7]
    for text in (ended.annotations(level)[0], ended.summary, comment.body):
        assert "nothing was compared" in text
        assert "Nothing is wrong" not in text
    assert ended.annotations("notice") == []


def test_a_forgotten_model_input_names_the_folders(job: Job) -> None:
    """Weights in a sub-folder and no input: not green, and the first line says where they lie."""
    job.inputs["model"] = ""
    ended = job.on_pull_request()
    assert ended.code is ExitCode.POLICY_FAILED
    assert ended.outputs["status"] == "failure"
    first = ended.summary.splitlines()[0]
    assert "no model lies at the top level, weights lie in `models/tiny`" in first
    assert "hubcheck check models/tiny" in ended.summary


def test_a_base_that_was_deleted_leaves_the_job_green_but_neutral(job: Job) -> None:
    """warn-only, nothing to fail on, the base accepted with a reason: exit 0, no failed job."""
    job.write(
        ".github/hubcheck.yml",
        "warn-only: true\nfail-on: []\nallow:\n  - base: zoo/gone\n    reason: it was removed\n",
    )
    (job.workspace / FOLDER / "README.md").write_text("---\nbase_model: zoo/gone\n---\n")
    ended = job.on_pull_request()
    assert (ended.code, ended.outputs["conclusion"]) == (ExitCode.OK, "neutral")
    assert "it was removed" in ended.summary
