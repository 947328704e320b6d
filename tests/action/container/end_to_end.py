"""The image, run as a runner runs it, against servers held to GitHub's own descriptions.

``prepare.sh FOLDER`` first, then ``HUBCHECK_CONTAINER=FOLDER pytest tests/action/container/end_to_end.py
-s``. Not collected by a plain ``pytest``: it needs podman and npm, which CI installs.
"""

from __future__ import annotations

import ctypes
import io
import os
import select
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from hubcheck.publish.github.badge_branch import BRANCH, store
from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.comments import PullRequestPlace, create, delete, edit
from hubcheck.publish.github.errors import ForbiddenError, InvalidError, NotFoundError
from tests.action.conftest import BASE, HEAD, MODELS, finished_run, pull_request
from tests.action.container.machine import IMAGE, Machine
from tests.githubserver.server import LocalGitHub
from tests.githubserver.world import NAME, OWNER, Login, event
from tests.hubserver.server import LocalHub

WORK: Final = Path(os.environ.get("HUBCHECK_CONTAINER", "/tmp/hubcheck-container"))
SPEC: Final = Path(__file__).parents[2] / "githubserver" / "api.github.json"


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def wait_for(address: str, seconds: float = 60) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if _answers(address):
            return
        time.sleep(0.2)
    raise TimeoutError(address)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=2)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def tool(name: str) -> str:
    """Return a program that npm installed."""
    return str(WORK / "npm" / "node_modules" / ".bin" / name)


@pytest.fixture(scope="module")
def prism() -> Iterator[tuple[str, LocalGitHub]]:
    """Prism in front of the local GitHub: it refuses what GitHub does not describe."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with LocalGitHub(public=address) as github:
        command = [tool("prism"), "proxy", "-p", str(port), "--errors", str(SPEC), github.address]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            wait_for(f"{address}/")
            github.requests.clear()
            yield address, github
            process.terminate()
        assert github.violations == []


@pytest.fixture
def machine(tmp_path: Path, prism: tuple[str, LocalGitHub]) -> Iterator[Machine]:
    """A runner whose GitHub is Prism over the local one and whose Hub is the local one."""
    address, github = prism
    github.world.__init__()  # type: ignore[misc]
    github.world.add_pull(7, head=HEAD)
    github.world.tokens["fork"] = Login(write=False)
    with LocalHub() as hub:
        hub.add_repo("zoo/base", MODELS / "base")
        hub.add_repo("acme/tuned", MODELS / "finetune")
        one = Machine(
            folder=tmp_path, work=WORK, api=address, graphql=f"{github.address}/graphql",
            hub=hub.endpoint, local_hub=hub,
        )  # fmt: skip
        one.put_model("finetune")
        yield one


@dataclass
class Row:
    """One row of the table: what happens, and what must come of it."""

    name: str
    event: str
    payload: Callable[[], dict[str, Any]]
    token: str = "bot-token"
    sha: str = HEAD
    inputs: dict[str, str] = field(default_factory=dict)
    model: str = "finetune"
    before: Callable[[Machine, LocalGitHub], None] = lambda _m, _g: None
    comment: int = 0
    summary: bool = True
    verdict: str = "confirmed"
    status: tuple[str, ...] = ()
    code: int = 0
    direct: bool = False
    """Without Prism: it follows a redirect itself and then misses it in the answer."""


def _head_checkout(machine: Machine, _github: LocalGitHub) -> None:
    (machine.workspace / ".git").mkdir()
    (machine.workspace / ".git" / "HEAD").write_text(HEAD)


def _base_checkout(machine: Machine, _github: LocalGitHub) -> None:
    (machine.workspace / ".git").mkdir()
    (machine.workspace / ".git" / "HEAD").write_text(BASE)


def _first_stage(machine: Machine, github: LocalGitHub) -> None:
    ended = machine.run("pull_request", pull_request(fork=True), login="fork")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.write(machine.workspace / ended.outputs["report-path"], "report.json")
    github.world.artifacts[77] = [(5, "hubcheck-report", data.getvalue())]


def _commit(_machine: Machine, github: LocalGitHub) -> None:
    folder = MODELS / "wrong-declaration"
    files = {f"models/tiny/{p.name}": p.read_bytes() for p in folder.iterdir()}
    github.world.add_commit(HEAD, files)


def _answered(machine: Machine, _github: LocalGitHub) -> None:
    machine.run("pull_request", pull_request())


def _hub_push() -> dict[str, Any]:
    return event("repository_dispatch", client_payload={"repo": "acme/tuned"})


ROWS: Final = (
    Row("pull_request", "pull_request", pull_request, comment=1),
    Row("pull_request, contradicted", "pull_request", pull_request, model="wrong-declaration",
        comment=1, verdict="contradicted", code=1),
    Row("pull_request, read-only", "pull_request", pull_request, token="fork"),
    Row("pull_request, no token", "pull_request", pull_request, token=""),
    Row("pull_request again, unchanged", "pull_request", pull_request, comment=1, before=_answered),
    Row("pull_request, fork", "pull_request", lambda: pull_request(fork=True), token="fork"),
    Row("pull_request, fork, write", "pull_request", lambda: pull_request(fork=True), comment=1),
    Row("pull_request_target, base", "pull_request_target", pull_request, sha=BASE, comment=1,
        before=_base_checkout),
    Row("pull_request_target, head", "pull_request_target", pull_request, sha=BASE, verdict="",
        before=_head_checkout, code=2),
    Row("push", "push", lambda: event("push", after=HEAD)),
    Row("push, read-only", "push", lambda: event("push", after=HEAD), token="fork"),
    Row("merge_group", "merge_group", lambda: event("merge_group"), model="wrong-declaration",
        verdict="contradicted", code=1),
    Row("workflow_run, publish", "workflow_run", lambda: finished_run(run_id=77), comment=1,
        before=_first_stage, status=("hubcheck (reported)=success",), direct=True),
    Row("workflow_run, publish, read-only", "workflow_run", lambda: finished_run(run_id=77),
        before=_first_stage, token="fork", direct=True),
    Row("workflow_run, check", "workflow_run", finished_run, inputs={"mode": "check"},
        before=_commit, comment=1, verdict="contradicted", code=1,
        status=("hubcheck=pending", "hubcheck=failure")),
    Row("workflow_dispatch", "workflow_dispatch", lambda: event("workflow_dispatch")),
    Row("repository_dispatch", "repository_dispatch", _hub_push, inputs={"model": ""}),
    Row("schedule", "schedule", lambda: {"schedule": "7 3 * * *"}),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_event(machine: Machine, prism: tuple[str, LocalGitHub], row: Row) -> None:
    """Each event ends with its comment, summary, outputs, status and exit code."""
    _, github = prism
    machine.put_model(row.model)
    row.before(machine, github)
    machine.inputs |= row.inputs
    machine.api = github.address if row.direct else machine.api
    ended = machine.run(row.event, row.payload(), login=row.token, sha=row.sha)
    comments = github.world.standing(7)
    status = tuple(f"{s['context']}={s['state']}" for s in github.world.statuses)
    shown = (
        f"| {row.name} | {'yes' if row.token == 'bot-token' else 'no'} | {len(comments)} | "
        f"{'yes' if ended.summary else 'no'} | {ended.outputs.get('verdict', '-') or '-'} | "
        f"{', '.join(status) or '-'} | {ended.code} | {ended.first_line_s:.1f} s | "
        f"{ended.seconds:.1f} s |"
    )
    print(f"\n{shown}")
    assert ended.code == row.code, ended.log
    assert len(comments) == row.comment, ended.log
    assert bool(ended.summary) is row.summary, ended.log
    assert ended.outputs.get("verdict", "") == row.verdict, ended.log
    assert status == row.status, ended.log
    assert "Traceback" not in ended.log
    assert "bot-token" not in ended.log.replace("::add-mask::bot-token", "")
    # Generous: the bound of five seconds is for a machine of its own.
    assert ended.first_line_s < 20


def test_a_hostile_checkout_is_not_executed(machine: Machine) -> None:
    """Modules of the names that hubcheck imports lie in the workspace and in HOME: none is run."""
    trap = "open('/github/workspace/executed', 'w').write('x')\n"
    site = machine.folder / "home" / ".local" / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    for name in ("hubcheck", "numpy", "yaml", "sitecustomize", "usercustomize", "action", "json"):
        for place in (machine.workspace, site):
            (place / f"{name}.py").write_text(trap)
    (site / "trap.pth").write_text(f"import os; {trap}")
    (machine.workspace / "pyvenv.cfg").write_text("home = /github/workspace\n")
    ended = machine.run("schedule", {})
    assert ended.code == 0, ended.log
    assert not (machine.workspace / "executed").exists()


IDENTITY: Final = "identity=acme issuer=https://accounts.example.com"


@pytest.mark.parametrize(
    ("signer", "code"),
    [("acme.pub", 0), ("root.crt", 0), ("other.crt", 1), (IDENTITY, 1)],
    ids=["its-key", "its-authority", "another-authority", "an-identity-that-did-not"],
)
def test_a_signature_is_verified_in_the_image(machine: Machine, signer: str, code: int) -> None:
    """With what the image holds: by a key, by a certificate, and against an identity."""
    signing = pytest.importorskip("model_signing.signing", reason="the extra `test` brings it")
    from tests.signed.certificates_made import certificate

    root = certificate("root", authority=True, days=30)
    acme = certificate("acme", root)
    key, own = acme.written(machine.folder, "acme")
    _, chain = root.written(machine.folder, "root")
    model, policy = machine.workspace / "models" / "tiny", machine.workspace / ".github"
    signing.Config().use_certificate_signer(
        private_key=key, signing_certificate=own, certificate_chain=[chain]
    ).sign(model, model / "model.sig")
    policy.mkdir()
    (policy / "acme.pub").write_bytes(acme.public)
    root.written(policy, "root")
    certificate("root", authority=True, days=30).written(policy, "other")
    named = signer if signer.startswith("identity=") else f".github/{signer}"
    lines = f"fail-on: [require-signature]\nsigners: ['{named}']\n"
    (policy / "hubcheck.yml").write_text(lines)
    ended = machine.run("pull_request", pull_request())
    assert ended.code == code, ended.log
    assert ended.outputs["verdict"] == "confirmed", ended.log
    said = "signed by the certificate of CN=acme" if signer == "root.crt" else "signed by "
    assert said in ended.summary


class Relay:
    """Takes connections inside a container's network and hands them to this machine's loopback."""

    def __init__(self, process: int, port: int) -> None:
        """Listen on a port of the loopback that a process sees, and relay to ours.

        Args:
            process: Whose network namespace is meant.
            port: The same on both sides.
        """
        self._port = port
        self._listener: socket.socket | None = None
        # A namespace belongs to a thread, and a socket to the namespace it was made in.
        thread = threading.Thread(target=self._listen, args=(process,))
        thread.start()
        thread.join()
        assert self._listener is not None
        threading.Thread(target=self._accept, daemon=True).start()

    def _listen(self, process: int) -> None:
        with Path(f"/proc/{process}/ns/net").open() as namespace:
            assert ctypes.CDLL(None).setns(namespace.fileno(), 0) == 0
        self._listener = socket.create_server(("127.0.0.1", self._port))

    def _accept(self) -> None:
        assert self._listener is not None
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                threading.Thread(target=self._pump, args=(client, server), daemon=True).start()

    def _pump(self, left: socket.socket, right: socket.socket) -> None:
        other = {left: right, right: left}
        with suppress(OSError), left, right:
            while True:
                for one in select.select([left, right], [], [], 60)[0]:
                    data = one.recv(65_536)
                    if not data:
                        return
                    other[one].sendall(data)

    def close(self) -> None:
        """Stop."""
        assert self._listener is not None
        self._listener.close()


def test_no_network_but_the_two_servers(machine: Machine, prism: tuple[str, LocalGitHub]) -> None:
    """In a network that holds nothing but the two servers' ports, everything still works."""
    environment = {**os.environ, "CONTAINERS_CONF": str(WORK / "containers.conf")}

    def podman(*words: str) -> str:
        done = subprocess.run(
            ["podman", *words], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    holder = podman("run", "-d", "--network", "none", "--entrypoint", "sleep", IMAGE, "120")
    try:
        process = int(podman("inspect", "--format", "{{.State.Pid}}", holder))
        address, github = prism
        hub = machine.local_hub
        ports = [a.rpartition(":")[2] for a in (address, github.address, hub.endpoint)]
        relays = [Relay(process, int(p)) for p in (*ports, hub._storage.address.rpartition(":")[2])]
        machine.network = ("--network", f"container:{holder}")
        interfaces = podman("exec", holder, "cat", "/proc/net/dev").splitlines()[2:]
        ended = machine.run("pull_request", pull_request())
        for relay in relays:
            relay.close()
    finally:
        podman("rm", "-f", "-t", "0", holder)
    assert [line.partition(":")[0].strip() for line in interfaces] == ["lo"]
    assert ended.code == 0, ended.log
    assert ended.outputs["verdict"] == "confirmed"
    assert len(github.world.standing(7)) == 1, ended.log


SEED: Final = f"""\
tokens:
  seed_token:
    login: octo
    scopes: [repo]
github:
  users: [{{login: octo}}]
  repos:
    - owner: octo
      name: {NAME}
      auto_init: true
"""


@pytest.fixture(scope="module")
def emulate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    """An independent, stateful GitHub."""
    folder = tmp_path_factory.mktemp("emulate")
    (folder / "seed.yaml").write_text(SEED)
    port = free_port()
    command = [tool("emulate"), "--service", "github", "--port", str(port), "--seed", "seed.yaml"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        wait_for(address)
        yield GitHub("seed_token", api=address, sleep=lambda _seconds: None)
        process.terminate()


def test_comments_on_an_independent_server(emulate: GitHub) -> None:
    """Another implementation takes the same requests: create, edit, look up, remove."""
    home = f"/repos/{OWNER}/{NAME}"
    number = emulate.post(f"{home}/issues", {"title": "one"})["number"]
    place = PullRequestPlace(owner=OWNER, name=NAME, number=number)
    written = create(emulate, place, "first")
    assert edit(emulate, place, written.number, "second").number == written.number
    (seen,) = list(emulate.pages(f"{home}/issues/{number}/comments"))
    assert seen["body"] == "second"
    delete(emulate, place, written.number)
    with pytest.raises(NotFoundError):
        edit(emulate, place, written.number, "third")
    with pytest.raises(InvalidError):
        emulate.post(f"{home}/issues/{number}/comments", {"body": 5})


def test_the_badge_branch_on_an_independent_server(emulate: GitHub) -> None:
    """The badge's two commits are understood by another implementation of git's objects."""
    store(emulate, OWNER, NAME, {"badge.svg": "<svg/>"})
    store(emulate, OWNER, NAME, {"badge.svg": "<svg></svg>"})
    top = emulate.get(f"/repos/{OWNER}/{NAME}/git/ref/heads/{BRANCH}")["object"]["sha"]
    parents = emulate.get(f"/repos/{OWNER}/{NAME}/git/commits/{top}")["parents"]
    assert len(parents) == 1


def test_a_wrong_token_on_an_independent_server(emulate: GitHub) -> None:
    """A token that is none is forbidden, not retried."""
    other = GitHub("", api=emulate._api, sleep=lambda _seconds: None)
    with pytest.raises(ForbiddenError):
        other.post(f"/repos/{OWNER}/{NAME}/issues", {"title": "x"})


def test_without_docker_the_same_comment_is_written(
    machine: Machine, prism: tuple[str, LocalGitHub], capsys: pytest.CaptureFixture[str]
) -> None:
    """The composite action installs its packages, and a checkout has no say in from where.

    Twice: with whatever the installer has in its cache, and with all of it there.
    """
    _, github = prism
    machine.workspace.mkdir(exist_ok=True)
    nowhere = "[[index]]\nurl = 'http://127.0.0.1:9/simple'\ndefault = true\n"
    (machine.workspace / "uv.toml").write_text(nowhere)
    (machine.workspace / "hubcheck.py").write_text("raise SystemExit('the checkout was run')")
    for installed in ("first", "again"):
        ended = machine.run_without_docker("pull_request", pull_request())
        assert ended.code == 0, ended.log
        assert ended.outputs["verdict"] == "confirmed"
        with capsys.disabled():
            print(f"\nwithout Docker, {installed}: {ended.seconds:.1f} s")
    assert len(github.world.comments[7]) == 1


ROOT: Final = Path(__file__).parents[3]
EXAMPLES: Final = ROOT / "docs" / "examples"
SHOWN: Final = tuple(str(p) for p in sorted(EXAMPLES.glob("*.yml")) if p.name != "hubcheck.yml")
WORKFLOWS: Final = (
    *SHOWN,
    *(str(p) for p in sorted((ROOT / ".github" / "workflows").glob("*.yml"))),
)
LINTERS: Final = {
    "zizmor": ["zizmor", "--offline", "--quiet", "action.yml", "composite/action.yml", *WORKFLOWS],
    "hadolint": ["hadolint", "Dockerfile"],
    "the schema of actions": [
        "check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml",
    ],
    "the schema of workflows": [
        "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS,
    ],
    "our own schema": [
        "check-jsonschema", "--schemafile", "docs/schemas/hubcheck-policy.schema.json",
        "docs/examples/hubcheck.yml",
    ],
    "shellcheck": [
        "shellcheck", "composite/run.sh", "composite/install.sh", "docs/examples/pre-push",
        "tests/action/container/prepare.sh",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", LINTERS)
def test_linters_have_nothing_to_say(name: str) -> None:
    """Injection, unpinned actions, dangerous triggers, schemas, shell: clean."""
    program, *words = LINTERS[name]
    done = subprocess.run(
        [str(WORK / "lint" / "bin" / program), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def attests(path: str) -> bool:
    """Return whether a workflow asks for the permission ``attestations``."""
    return "attestations:" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["action.yml", *(p for p in SHOWN if not attests(p))])
def test_the_metadata_is_what_runners_take(path: str) -> None:
    """action-validator, an independent reader of what users see, has nothing to say.

    Not of workflows that attest: its schema is older than the permission ``attestations``.
    """
    done = subprocess.run(
        [tool("action-validator"), str(ROOT / path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
