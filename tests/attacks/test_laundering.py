"""Can a stranger's pull request stand for the famous repository that it was opened on?

``famous/llm`` holds one model; pull request 9, which anyone can open, holds another: the one that
the subject was made from. No spelling makes the card's claim ``famous/llm`` come out confirmed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from hubcheck.card.wording import sentence, words
from hubcheck.cli import main
from hubcheck.errors import ExitCode
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict, Verdict
from tests.attacks.registry import attack, attacks
from tests.evidence.laboratory import model
from tests.hubserver import LocalHub, Status
from tests.hubserver.session import reached

FAMOUS: Final = "famous/llm"
PROPOSAL: Final = "refs/pr/9"
NOT_IT: Final = f"a proposal to {FAMOUS}, not {FAMOUS}"

Remote = Callable[..., tuple[int, Report]]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """Return a Hub with the famous model, a stranger's pull request on it, and the subject."""
    with reached(LocalHub(commits_page=2), monkeypatch) as started:
        started.add_repo(FAMOUS, model("twin"))
        started.push(FAMOUS, model("base"), ref=PROPOSAL)
        yield started


@pytest.fixture
def remote(hub: LocalHub, tmp_path: Path) -> Remote:
    """Return a function that checks on the local Hub and returns exit code and report."""

    def run(*arguments: str) -> tuple[int, Report]:
        hub.forget()
        code = main(["check", *arguments, "--out", str(tmp_path / "out"), "--seed", "5"])
        return code, Report.model_validate_json((tmp_path / "out" / "report.json").read_bytes())

    return run


def head(hub: LocalHub, ref: str) -> str:
    """Return the commit that a ref of the famous repository names."""
    repository = hub.repository(FAMOUS)
    assert repository is not None
    return repository.refs[ref]


def declare(hub: LocalHub, **files: bytes) -> None:
    """Add the thief's model with these files in place of its card."""
    hub.add_repo("thief/m", model("finetune"))
    hub.push(
        "thief/m", {"README.md": b"# M\n"} | {n.replace("__", "."): d for n, d in files.items()}
    )


def card(value: str) -> bytes:
    """Return a card that declares this base."""
    return f"---\nbase_model: {value}\n---\n# M\n".encode()


def spelled(hub: LocalHub) -> dict[str, dict[str, bytes]]:
    """Return every way to name the pull request in a repository's own files."""
    sha = head(hub, PROPOSAL)
    return {
        "ref": {"README__md": card(f"{FAMOUS}@{PROPOSAL}")},
        "quoted ref": {"README__md": card(f"{FAMOUS}@refs%2Fpr%2F9")},
        "commit": {"README__md": card(f"{FAMOUS}@{sha}")},
        "address": {"README__md": card(f"https://huggingface.co/{FAMOUS}/tree/{PROPOSAL}")},
        "quoted": {"README__md": card(f"https://huggingface.co/{FAMOUS}/tree/refs%2Fpr%2F9")},
        "commit page": {"README__md": card(f"https://huggingface.co/{FAMOUS}/commit/{sha}")},
        "file page": {
            "README__md": card(f"https://huggingface.co/{FAMOUS}/resolve/{sha}/model.safetensors")
        },
        "config": {
            "config__json": json.dumps(
                json.loads((model("finetune") / "config.json").read_text())
                | {"_name_or_path": f"/root/hub/models--famous--llm/snapshots/{sha}"}
            ).encode()
        },
        "adapter": {
            "adapter_config__json": json.dumps(
                {"base_model_name_or_path": FAMOUS, "revision": PROPOSAL}
            ).encode()
        },
        "adapter commit": {
            "adapter_config__json": json.dumps(
                {"base_model_name_or_path": FAMOUS, "revision": sha}
            ).encode()
        },
        "recipe": {"mergekit_config__yml": f"base_model: {FAMOUS}@{PROPOSAL}\n".encode()},
    }


SPELLINGS: Final = {
    "ref": "`base_model: famous/llm@refs/pr/9`",
    "quoted ref": "`@refs%2Fpr%2F9`",
    "commit": "the commit of the pull request",
    "address": "an address of the pull request's tree",
    "quoted": "the same address, quoted",
    "commit page": "the page of its commit",
    "file page": "the address of its weight file",
    "config": "its commit in `_name_or_path`",
    "adapter": "`revision: refs/pr/9` of an adapter",
    "adapter commit": "its commit as the revision of an adapter",
    "recipe": "a merge recipe that names it",
}
TRIED: Final = {SPELLINGS["ref"], SPELLINGS["commit"]}
attacks(
    "base",
    *(
        (f"a stranger's pull request on a famous repository, by {how}", "confirmed" if how in TRIED else "-",
         "not-tested: a proposal, under its own name")
        for how in SPELLINGS.values()
    ),
)  # fmt: skip


@pytest.mark.parametrize("how", SPELLINGS)
def test_a_pull_request_is_never_the_repository(hub: LocalHub, remote: Remote, how: str) -> None:
    """However it is spelled: not tested with its own reason, not confirmed, and named as it is."""
    declare(hub, **spelled(hub)[how])
    _, report = remote("thief/m")
    [finding] = report.findings
    assert finding.declared
    assert finding.verdict is Verdict.NOT_TESTED
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert finding.base.ref != FAMOUS or not finding.base.revision
    if how != "quoted ref":  # which no host knows: it asks for what is literally there
        assert sentence(finding.reason).startswith(NOT_IT)
        assert finding.base.belongs == "proposed"


@pytest.mark.parametrize("asked", [PROPOSAL, "commit"])
def test_every_surface_names_what_was_asked_for(
    hub: LocalHub, remote: Remote, tmp_path: Path, asked: str
) -> None:
    """Card, page, badge and report: ``famous/llm`` never stands alone where the proposal is meant."""
    wanted = head(hub, PROPOSAL) if asked == "commit" else asked
    declare(hub, README__md=card(f"{FAMOUS}@{wanted}"))
    code, report = remote("thief/m")
    assert code == ExitCode.OK  # under the policy: nothing is unreachable
    assert report.findings[0].base.asked == wanted
    assert report.declared.bases == (f"{FAMOUS}@{wanted}",)
    shown = wanted[:7] if asked == "commit" else wanted
    text = (tmp_path / "out" / "card.md").read_text()
    assert f"`{FAMOUS}@{shown}`" in text
    assert f"`{FAMOUS}`" not in text
    assert NOT_IT in (tmp_path / "out" / "card.md").read_text()


def test_a_refused_name_costs_no_request(hub: LocalHub, remote: Remote) -> None:
    """``refs/pr/9`` says what it is: nobody is asked."""
    declare(hub, README__md=card(f"{FAMOUS}@{PROPOSAL}"))
    remote("thief/m")
    assert not any(FAMOUS in seen.path for seen in hub.exchanges)


@pytest.mark.parametrize("option", ["--base", "--suspect"])
@pytest.mark.parametrize("asked", [PROPOSAL, "commit"])
def test_the_command_line_is_told_what_it_names(
    hub: LocalHub, remote: Remote, tmp_path: Path, option: str, asked: str
) -> None:
    """A proposal may be suspected, under its own name; as ``--base`` it is refused."""
    wanted = head(hub, PROPOSAL) if asked == "commit" else asked
    declare(hub)
    _, report = remote("thief/m", option, f"{FAMOUS}@{wanted}")
    [finding] = report.findings
    assert finding.base.ref == f"{FAMOUS}@{wanted}"
    assert finding.base.belongs == "proposed"
    assert report.verdict is not DeclarationVerdict.CONFIRMED
    if option == "--base":
        assert finding.verdict is Verdict.NOT_TESTED
        return
    assert finding.verdict is Verdict.RELATED
    assert any(f"is not {FAMOUS}" in words(w) for w in report.warnings)
    text = (tmp_path / "out" / "card.md").read_text()
    assert f"`{FAMOUS}`" not in text
    assert "put `base_model" not in text  # nobody is told to declare a pull request


@attack(
    "base",
    "a base whose card names `famous/llm` explains a match with a proposal to it",
    before="-",
    now="not explained",
)
def test_a_proposal_is_no_ancestor_and_explains_nothing(hub: LocalHub, remote: Remote) -> None:
    """A base whose card names ``famous/llm`` does not explain a match with a proposal to it."""
    hub.add_repo("zoo/base", model("base"))
    hub.push("zoo/base", {"README.md": card(FAMOUS)})
    declare(hub, README__md=card("zoo/base"))
    _, report = remote("thief/m", "--suspect", f"{FAMOUS}@{PROPOSAL}")
    names = {r.ref for r in report.lineage.models}
    assert f"{FAMOUS}@{PROPOSAL}" not in names
    assert not any(c.base == FAMOUS and "weights" in words(c.basis) for c in report.licence.checks)


# -- the repository's own --------------------------------------------------------------------------


def own(hub: LocalHub, kind: str) -> str:
    """Return a revision that is the repository's own."""
    hub.push(FAMOUS, model("base"))
    wanted = head(hub, "main")
    if kind == "old commit":
        for n in range(7):
            hub.push(FAMOUS, {f"note{n}.txt": b"n"})
    if kind in {"branch", "branch commit"}:
        wanted = hub.push(FAMOUS, {"b.txt": b"b"}, ref="dev").oid
    if kind in {"tag", "tag commit"}:
        repository = hub.repository(FAMOUS)
        assert repository is not None
        repository.refs["refs/tags/v1.0"] = wanted
        hub.push(FAMOUS, model("twin"))
    return {"branch": "dev", "tag": "v1.0", "whole branch": "refs/heads/main"}.get(kind, wanted)


@pytest.mark.parametrize(
    ("kind", "requests"),
    [("head", 1), ("old commit", 5), ("branch", 1), ("branch commit", 1), ("tag", 1),
     ("tag commit", 1), ("whole branch", 1)],
)  # fmt: skip
def test_what_a_branch_or_a_tag_holds_is_the_repository(
    hub: LocalHub, remote: Remote, tmp_path: Path, kind: str, requests: int
) -> None:
    """Confirmed, under the revision that was asked for, at one request where it is a head."""
    wanted = own(hub, kind)
    declare(hub, README__md=card(f"{FAMOUS}@{wanted}"))
    code, report = remote("thief/m")
    assert (code, report.verdict) == (0, DeclarationVerdict.CONFIRMED)
    base = report.findings[0].base
    assert (base.ref, base.asked, base.belongs) == (FAMOUS, wanted, "")
    asked = [s.path for s in hub.exchanges if s.path.endswith("/refs") or "/commits/" in s.path]
    assert len(asked) == requests, asked
    shown = wanted[:7] if len(wanted) == 40 else wanted
    for name in ("card.md", "badge.json"):
        assert f"{FAMOUS}@{shown}" in (tmp_path / "out" / name).read_text(), name


def test_the_default_branch_is_not_asked_about(hub: LocalHub, remote: Remote) -> None:
    """A card without a revision costs no request more than before."""
    hub.push(FAMOUS, model("base"))
    declare(hub, README__md=card(FAMOUS))
    _, report = remote("thief/m")
    assert report.verdict is DeclarationVerdict.CONFIRMED
    assert report.findings[0].base.asked == ""
    assert not any(s.path.endswith("/refs") or "/commits/" in s.path for s in hub.exchanges)


def test_what_cannot_be_established_is_not_confirmed(
    hub: LocalHub, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the pages that are asked for, and on a host without the list: not tested, and why."""
    monkeypatch.setattr("hubcheck.source.belonging.MAX_PAGES", 2)
    wanted = own(hub, "old commit")
    declare(hub, README__md=card(f"{FAMOUS}@{wanted}"))
    _, report = remote("thief/m")
    assert sentence(report.findings[0].reason).startswith(
        f"not established as a commit of {FAMOUS}"
    )
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    hub.faults.add(Status(status=403), path="/refs", times=99)
    _, report = remote("thief/m")
    assert sentence(report.findings[0].reason).startswith(
        f"not established as a commit of {FAMOUS}"
    )
    assert report.findings[0].base.belongs == "not established"


def test_the_pull_request_itself_can_be_checked(hub: LocalHub, remote: Remote) -> None:
    """Only bases must be the repository's own: the head of a pull request is a subject."""
    hub.add_repo("zoo/base", model("base"))
    code, report = remote(f"{FAMOUS}@{PROPOSAL}", "--base", "zoo/base")
    assert code == 0
    assert report.findings[0].verdict is Verdict.IDENTICAL


# -- replay ----------------------------------------------------------------------------------------


def replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Replay the report and return exit code and output."""
    capsys.readouterr()
    code = main(["replay", str(tmp_path / "out" / "report.json")])
    return code, capsys.readouterr().out


@pytest.mark.parametrize("kind", ["head", "old commit", "branch", "tag"])
def test_an_honest_pin_replays(
    hub: LocalHub,
    remote: Remote,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    """The pinned commit is established anew, also after the branch has moved on."""
    declare(hub, README__md=card(f"{FAMOUS}@{own(hub, kind)}"))
    remote("thief/m")
    hub.push(FAMOUS, {"later.txt": b"x"}, ref="dev" if kind == "branch" else "main")
    code, text = replay(tmp_path, capsys)
    assert code == 0, text


@attack(
    "replay",
    "a report whose base is exchanged for a pull request's commit",
    before="-",
    now="exit 1",
)
def test_a_replay_does_not_take_a_smuggled_pull_request(
    hub: LocalHub, remote: Remote, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An honest report whose base is exchanged for the pull request's commit does not agree."""
    hub.push(FAMOUS, model("base"))
    declare(hub, README__md=card(FAMOUS))
    remote("thief/m")
    path = tmp_path / "out" / "report.json"
    told = json.loads(path.read_text())
    told["findings"][0]["base"]["revision"] = head(hub, PROPOSAL)
    path.write_text(json.dumps(told))
    code, text = replay(tmp_path, capsys)
    assert code == ExitCode.POLICY_FAILED
    assert "findings[0].verdict" in text
