"""Does a check keep its promises from the request to the report?

On folders, and on a local Hub where dates, gates and missing repositories matter.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from benchmarks.remote.timeline import round_trips
from hubcheck.card.wording import sentence, words
from hubcheck.check.run import check, exit_codes
from hubcheck.cli import main
from hubcheck.errors import ExitCode, SubjectUnreadableError
from hubcheck.model import open_model
from hubcheck.report.schema import Finding, Report
from hubcheck.report.words import (
    Conclusion,
    DeclarationVerdict,
    NothingCompared,
    RelationKind,
    Verdict,
)
from hubcheck.source.reference import HubReference
from hubcheck.verdict.policy import conclude, parse_fail_on
from tests.card import reports
from tests.evidence.laboratory import (
    derived,
    frozen_clock,
    model,
    outcome_of,
    report_of,
    request,
    shipped,
    write,
)
from tests.hubserver import Link, LocalHub, Status
from tests.hubserver.session import reached
from tests.tables import taken
from tests.verdict.findings import declared, suspect

SEEDS: Final = range(taken(1, 3))
DEFAULT: Final = "undeclared,contradicted"


def by_ref(report: Report) -> Mapping[str, Finding]:
    """Return the findings by the last part of the base's name."""
    return {f.base.ref.rsplit("/", 1)[-1]: f for f in report.findings}


def card(**fields: str) -> str:
    """Return a model card with this front matter."""
    lines = [f"{key}: {value}" for key, value in fields.items()]
    return "\n".join(["---", *lines, "---", "", "# A model", ""])


# -- the honest family --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_an_honest_card_is_confirmed_whatever_relative_is_suspected(
    tmp_path: Path, seed: int
) -> None:
    """Suspecting a sibling, an int4 copy and a merge of the declared base accuses nobody."""
    int4 = write(tmp_path / "int4", derived("int4"))
    merged = write(tmp_path / "merged", derived("merge-related"))
    report = report_of(
        model("finetune"), [model("base")], [model("continued"), int4, merged], seed=seed
    )
    found = by_ref(report)
    assert all(f.verdict is Verdict.RELATED for f in report.findings)
    assert found["continued"].explained_by == found["base"].base.ref
    assert found["int4"].explained_by == found["base"].base.ref
    assert found["merged"].explained_by == found["base"].base.ref
    assert report.verdict is DeclarationVerdict.CONFIRMED


def test_a_derivative_of_a_derivative_may_name_its_parent_alone(tmp_path: Path) -> None:
    """A model made from a fine-tune declares the fine-tune; the fine-tune's base is explained."""
    grandchild = write(tmp_path / "grandchild", derived("int4", "finetune"))
    report = report_of(grandchild, [model("finetune")], [model("base")])
    assert by_ref(report)["base"].explained_by == str(model("finetune"))
    assert report.verdict is DeclarationVerdict.CONFIRMED


def test_a_copy_of_a_fine_tune_that_names_its_base_alone_is_undeclared(tmp_path: Path) -> None:
    """Rounded from a long-trained model, declaring only what that was trained from.

    It holds what the long-trained model made of the base, which no sibling does; and beside another
    child of the base it is explained.
    """
    child = write(tmp_path / "child", derived("int4", "continued"))
    report = report_of(child, [model("base")], [model("continued")])
    found = by_ref(report)["continued"]
    assert found.explained_by is None
    assert report.verdict is DeclarationVerdict.UNDECLARED
    assert any("kinship with the declared base" in words(w) for w in report.warnings)
    beside = report_of(child, [model("base")], [model("finetune")])
    assert by_ref(beside)["finetune"].explained_by == str(model("base"))
    assert beside.verdict is DeclarationVerdict.CONFIRMED


@pytest.mark.parametrize("seed", SEEDS)
def test_a_wrong_declaration_is_contradicted_and_the_right_base_named(seed: int) -> None:
    """The card of the bystander names the base; the weights are the twin's."""
    report = report_of(model("wrong-declaration"), [model("base")], [model("twin")], seed=seed)
    found = by_ref(report)
    assert found["base"].verdict is Verdict.UNRELATED
    assert found["twin"].verdict is Verdict.RELATED
    assert report.verdict is DeclarationVerdict.CONTRADICTED
    assert report.conclusion == "fail"


def test_a_merge_that_names_one_parent_left_one_out(tmp_path: Path) -> None:
    """A merge of two strangers that declares one is undeclared; one that declares both is honest."""
    merged = write(tmp_path / "merged", derived("merge-independent"))
    one = report_of(merged, [model("base")], [model("twin")])
    assert one.verdict is DeclarationVerdict.UNDECLARED
    both = report_of(merged, [model("base"), model("twin")])
    assert both.verdict is DeclarationVerdict.CONFIRMED


def test_the_bytes_of_a_mirror_are_identical_and_cost_nothing(tmp_path: Path) -> None:
    """A renamed copy is identical by digest; no weight byte is read."""
    mirror = tmp_path / "mirror"
    shutil.copytree(model("base"), mirror)
    (mirror / "model.safetensors").rename(mirror / "renamed.safetensors")
    report = report_of(mirror, [model("base")])
    finding = report.findings[0]
    assert finding.verdict is Verdict.IDENTICAL
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.IDENTICAL
    assert report.verdict is DeclarationVerdict.CONFIRMED


def test_more_bases_cost_a_stronger_bound() -> None:
    """E is divided by the bases tried: three more suspects weaken each bound by log10 4."""
    alone = report_of(model("continued"), [model("base")]).findings[0]
    others = [model(n) for n in ("twin", "finetune", "wrong-declaration")]
    among = report_of(model("continued"), [model("base")], others).findings[0]
    assert among.log10_p - alone.log10_p == pytest.approx(0.60206, abs=1e-4)


# -- local subjects and what they may name --------------------------------------------------------


def test_a_card_cannot_name_a_folder_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A declared base is only ever looked for on the Hub, even where a folder of that name is."""
    subject = tmp_path / "subject"
    shutil.copytree(model("finetune"), subject)
    shutil.copytree(model("base"), tmp_path / "zoo" / "base")
    (subject / "README.md").write_text(card(base_model="zoo/base"))
    monkeypatch.chdir(tmp_path)
    wanted = request(subject)
    bases = wanted.bases(open_model(wanted.subject, wanted.access))
    assert [type(b.reference) for b in bases] == [HubReference]


@pytest.mark.parametrize("escape", ["link to a file", "link to a folder", "index", "dotted index"])
def test_nothing_outside_the_model_folder_is_read(
    tmp_path: Path, escape: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Links and indexes that lead out of the folder are refused; their bytes reach no output."""
    secret = tmp_path / "secret"
    shutil.copytree(model("base"), secret)
    (secret / "README.md").write_text("TOP-SECRET")
    subject = tmp_path / "subject"
    shutil.copytree(model("finetune"), subject)
    weights = subject / "model.safetensors"
    weights.unlink()
    match escape:
        case "link to a file":
            weights.symlink_to(secret / "model.safetensors")
            (subject / "README.md").unlink()
            (subject / "README.md").symlink_to(secret / "README.md")
        case "link to a folder":
            (subject / "sub").symlink_to(secret, target_is_directory=True)
        case _:
            shard = (
                f"{secret}/model.safetensors"
                if escape == "index"
                else "../secret/model.safetensors"
            )
            index = {"weight_map": dict.fromkeys(shipped("base"), shard)}
            (subject / "model.safetensors.index.json").write_text(json.dumps(index))
    out = tmp_path / "out"
    code = main(["check", str(subject), "--base", str(model("base")), "--out", str(out)])
    report = Report.model_validate_json((out / "report.json").read_bytes())
    assert code == ExitCode.UNREADABLE
    assert report.findings[0].verdict is Verdict.NOT_TESTED
    assert report.coverage.subject_bytes_read < weights_size()
    seen = capsys.readouterr()
    everything = seen.out + seen.err + "".join(p.read_text() for p in out.iterdir())
    assert "TOP-SECRET" not in everything


def weights_size() -> int:
    """Return the bytes of one shipped weight file."""
    return os.path.getsize(model("base") / "model.safetensors")  # noqa: PTH202 - a number


# -- nothing compared ----------------------------------------------------------------------------


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    ("weights", "why", "said"),
    [
        ("deleted", NothingCompared.NO_WEIGHTS, "the model holds no weights"),
        ("training state", NothingCompared.NO_WEIGHTS, "the model holds no weights"),
        ("a/b", NothingCompared.WEIGHTS_BELOW, "no model lies at the top level, weights lie in"),
    ],
)
def test_a_model_without_weights_is_neutral_and_the_first_line_says_so(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    weights: str,
    why: NothingCompared,
    said: str,
    named: bool,
) -> None:
    """Nothing is hostile there, so it is the policy's business: 0, or 1 if asked to fail."""
    subject = tmp_path / "subject"
    shutil.copytree(model("finetune"), subject)
    file = subject / "model.safetensors"
    if weights == "a/b":
        (subject / weights).mkdir(parents=True)
        file.rename(subject / weights / file.name)
    else:
        file.rename(subject / "training_args.bin")
        if weights == "deleted":
            (subject / "training_args.bin").unlink()
    (subject / "README.md").write_text("# no base\n")
    words = ["check", str(subject), "--out", str(tmp_path / "out")]
    words += ["--base", str(model("base"))] if named else []
    assert main(words) == ExitCode.OK
    report = Report.model_validate_json((tmp_path / "out" / "report.json").read_bytes())
    assert (report.conclusion, report.nothing_compared) == (Conclusion.NEUTRAL, why)
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"hubcheck: nothing was compared: {said}")
    assert ("a/b" in first) is (weights == "a/b")
    assert main([*words, "--fail-on", "nothing-compared"]) == ExitCode.POLICY_FAILED
    for page in ("card.md", "card.html"):
        assert "Nothing is wrong" not in (tmp_path / "out" / page).read_text()


def test_weights_without_a_base_are_not_called_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither declared nor suspected: neutral, and the first line says that nothing was compared."""
    subject = tmp_path / "subject"
    shutil.copytree(model("finetune"), subject)
    (subject / "README.md").write_text("# no base\n")
    assert main(["check", str(subject), "--out", str(tmp_path / "out")]) == ExitCode.OK
    seen = capsys.readouterr().out
    assert seen.startswith("hubcheck: nothing was compared: no base is declared and none was named")
    assert "Nothing is wrong" not in seen


def test_weights_that_contradict_themselves_stay_4_whatever_the_policy_waits_for(
    tmp_path: Path,
) -> None:
    """A broken header is hostile, not absent: no word about missing results makes a 1 of the 4."""
    subject = tmp_path / "subject"
    shutil.copytree(model("finetune"), subject)
    (subject / "model.safetensors").write_bytes(b"\xff" * 4_000)
    words = ["check", str(subject), "--base", str(model("base")), "--out", str(tmp_path / "out")]
    every = "inconclusive,not-tested,nothing-compared"
    assert main(words) == main([*words, "--fail-on", every]) == ExitCode.UNREADABLE


BAD_VALUES: Final = SubjectUnreadableError("A tensor holds NaN.", cause="c.", next_step="n.")


@pytest.mark.parametrize(
    ("verdict", "finding", "fail_on", "expected"),
    [
        (DeclarationVerdict.UNDECLARED, suspect(Verdict.RELATED), DEFAULT, ExitCode.POLICY_FAILED),
        (DeclarationVerdict.CONTRADICTED, declared(Verdict.UNRELATED), DEFAULT, ExitCode.POLICY_FAILED),
        (DeclarationVerdict.INCONCLUSIVE, declared(Verdict.DISGUISED), "disguised", ExitCode.POLICY_FAILED),
        (DeclarationVerdict.UNDECLARED, suspect(Verdict.RELATED), "none", ExitCode.UNREADABLE),
        (DeclarationVerdict.INCONCLUSIVE, declared(Verdict.NOT_TESTED), DEFAULT, ExitCode.UNREADABLE),
        (DeclarationVerdict.INCONCLUSIVE, declared(Verdict.NOT_TESTED), "not-tested", ExitCode.UNREADABLE),
        (DeclarationVerdict.INCONCLUSIVE, declared(Verdict.INCONCLUSIVE), "inconclusive", ExitCode.UNREADABLE),
    ],
)  # fmt: skip
def test_what_was_found_fails_even_if_the_rest_of_the_weights_is_bad(
    verdict: DeclarationVerdict, finding: Finding, fail_on: str, expected: ExitCode
) -> None:
    """Settled evidence keeps exit 1, the lack of it is 4; whoever waives the policy still gets 4."""
    policy = parse_fail_on(fail_on)
    conclusion = conclude(verdict, [finding], policy)
    made = reports.report(verdict, finding, policy=policy, conclusion=conclusion)
    assert exit_codes(made, [], BAD_VALUES) == (expected, ExitCode.UNREADABLE)
    assert exit_codes(made, [], None)[1] is ExitCode.OK


# -- on a Hub -------------------------------------------------------------------------------------


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """Return an empty local Hub that the command line reaches."""
    with reached(LocalHub(), monkeypatch) as started:
        yield started


@pytest.fixture
def remote(hub: LocalHub, tmp_path: Path) -> Callable[..., tuple[int, Report]]:
    """Return a function that checks on the local Hub and returns exit code and report."""

    def run(*arguments: str) -> tuple[int, Report]:
        code = main(["check", *arguments, "--out", str(tmp_path / "out"), "--seed", "5"])
        return code, Report.model_validate_json((tmp_path / "out" / "report.json").read_bytes())

    return run


Remote = Callable[..., tuple[int, Report]]


def test_a_card_on_the_hub_is_followed_and_pinned(hub: LocalHub, remote: Remote) -> None:
    """The base that a card declares is found on the Hub, both are pinned to commits."""
    hub.add_repo("zoo/base", model("base"))
    hub.add_repo("zoo/finetune", model("finetune"))
    code, report = remote("zoo/finetune")
    assert code == 0
    assert report.verdict is DeclarationVerdict.CONFIRMED
    assert report.declared.bases == ("zoo/base",)
    assert report.findings[0].declared
    for revision in (report.subject.revision, report.findings[0].base.revision):
        assert len(revision) == 40
        assert set(revision) <= set("0123456789abcdef")
    # The closer look at related models may add 2 MB a model, of small ones whole matrices again.
    assert report.coverage.bytes_read < 2 * (weights_size() + 2_000_000) + 400_000


@pytest.mark.parametrize(
    ("relation", "sentence", "expected"),
    [
        ("", "distilled from zoo/twin", DeclarationVerdict.INCONCLUSIVE),
        ("finetune", "distilled from zoo/twin", DeclarationVerdict.CONTRADICTED),
        ("", "not distilled from zoo/twin", DeclarationVerdict.CONTRADICTED),
        ("", "distilled from zoo/base", DeclarationVerdict.CONTRADICTED),
    ],
)
def test_a_student_claims_no_weights_of_its_teacher(
    hub: LocalHub, remote: Remote, relation: str, sentence: str, expected: DeclarationVerdict
) -> None:
    """A stated distillation of the base that is named contradicts nothing, and confirms nothing."""
    hub.add_repo("zoo/twin", model("twin"))
    hub.add_repo("zoo/student", model("finetune"))
    fields = {"base_model": "zoo/twin"} | ({"base_model_relation": relation} if relation else {})
    hub.push("zoo/student", {"README.md": f"{card(**fields)}\nIt was {sentence}.\n".encode()})
    code, report = remote("zoo/student")
    assert report.verdict is expected
    assert code == (ExitCode.OK if expected is DeclarationVerdict.INCONCLUSIVE else 1)
    assert report.findings[0].verdict is Verdict.UNRELATED
    assert report.findings[0].taught == (expected is DeclarationVerdict.INCONCLUSIVE)


def test_a_remote_and_a_local_check_agree(hub: LocalHub, remote: Remote) -> None:
    """The same models give the same counts from a folder and from the Hub."""
    hub.add_repo("zoo/base", model("base"))
    hub.add_repo("zoo/continued", model("continued"))
    _, there = remote("zoo/continued")
    here = report_of(model("continued"), [model("base")], seed=5)
    mine, theirs = here.findings[0], there.findings[0]
    assert (mine.log10_p, mine.kept, mine.evidence) == (
        theirs.log10_p,
        theirs.kept,
        theirs.evidence,
    )


def test_two_models_on_the_hub_cost_the_round_trips_of_one(
    hub: LocalHub, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are opened and read at once; two requests of five or more need not wait for another."""
    hub.add_repo("zoo/base", model("base"))
    hub.add_repo("zoo/finetune", model("finetune"))
    monkeypatch.setattr(hub, "link", Link(latency=0.02))
    remote("zoo/finetune", "--base", "zoo/base")
    seen = hub.exchanges
    assert round_trips(seen) <= 0.6 * len(seen)
    opened = {e.path: e for e in seen if e.path.endswith("/revision/main")}
    base, subject = (
        opened[f"/api/models/zoo/{name}/revision/main"] for name in ("base", "finetune")
    )
    assert base.began < subject.ended
    assert subject.began < base.ended


def test_a_gated_or_missing_base_is_not_tested_and_the_rest_is(
    hub: LocalHub, remote: Remote
) -> None:
    """Bases out of reach are findings with a reason; the others are tested as ever."""
    hub.add_repo("zoo/finetune", model("finetune"))
    hub.add_repo("zoo/base", model("base"))
    hub.add_repo("zoo/gated", model("twin"), gated=True, readers=frozenset({"hf_reader"}))
    hub.add_repo("zoo/old", model("twin"))
    suspects = ("zoo/gated", "zoo/none", "zoo/old@v9")
    named = [word for s in suspects for word in ("--suspect", s)]
    code, report = remote("zoo/finetune", *named)
    found = by_ref(report)
    assert code == 0
    assert report.verdict is DeclarationVerdict.CONFIRMED
    assert found["base"].verdict is Verdict.RELATED
    for name, reason in (("gated", "gated"), ("none", "not found"), ("old", "unknown revision")):
        assert found[name].verdict is Verdict.NOT_TESTED
        assert sentence(found[name].reason).startswith(reason)


def test_a_base_named_at_two_revisions_is_a_usage_error(
    hub: LocalHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One repository at two revisions could not be told apart in the table: two runs are asked."""
    hub.add_repo("zoo/finetune", model("finetune"))
    hub.add_repo("zoo/base", model("base"))
    arguments = ["check", "zoo/finetune", "--suspect", "zoo/base@v9", "--out", str(tmp_path / "o")]
    assert main(arguments) == ExitCode.USAGE
    assert "named at two revisions" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("undeclared,contradicted", ExitCode.OK),
        ("not-tested", ExitCode.POLICY_FAILED),
        ("nothing-compared", ExitCode.POLICY_FAILED),
    ],
)
@pytest.mark.parametrize("base", ["gone", "gated", "private"])
def test_a_declared_base_that_is_not_there_or_closed_is_a_finding_under_policy(
    hub: LocalHub, remote: Remote, base: str, words: str, expected: ExitCode
) -> None:
    """401 and 404 are no network fault: neutral, exit 0, and 1 only where the policy says so."""
    hub.add_repo("zoo/finetune", model("finetune"))
    closed = {base: True} if base != "gone" else {}
    if closed:
        hub.add_repo(f"zoo/{base}", model("base"), readers=frozenset({"hf_reader"}), **closed)
    code, report = remote("zoo/finetune", "--base", f"zoo/{base}", "--fail-on", words)
    assert code == expected
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert report.nothing_compared is NothingCompared.NO_BASE_TESTED
    assert sentence(report.findings[0].reason).startswith(("not found", "gated"))


@pytest.mark.parametrize("name", ["zoo/none", "zoo/gated", "zoo/private"])
def test_a_subject_out_of_reach_ends_with_3(
    hub: LocalHub, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing, gated or private subject is named with its cause; nothing is known to report."""
    readers = frozenset({"hf_reader"})
    hub.add_repo("zoo/gated", model("finetune"), gated=True, readers=readers)
    hub.add_repo("zoo/private", model("finetune"), private=True, readers=readers)
    hub.add_repo("zoo/base", model("base"))
    out = tmp_path / "out"
    arguments = ["check", name, "--base", "zoo/base", "--out", str(out)]
    assert main(arguments) == ExitCode.UNREACHABLE
    assert name in capsys.readouterr().err
    assert not out.exists()


def test_weights_that_stop_answering_end_with_3_and_a_report(hub: LocalHub, remote: Remote) -> None:
    """From the moment the subject is known the report is written, though its weights refuse."""
    hub.add_repo("zoo/finetune", model("finetune"))
    hub.add_repo("zoo/base", model("base"))
    hub.faults.add(Status(status=403), path="model.safetensors", times=100)
    code, report = remote("zoo/finetune")
    assert code == ExitCode.UNREACHABLE
    assert report.findings[0].verdict is Verdict.NOT_TESTED
    assert sentence(report.findings[0].reason).startswith("subject")
    assert report.warnings


def test_the_date_of_a_repository_moves_no_verdict(
    hub: LocalHub, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner chooses it: a match with a base that the user named is undeclared either way."""
    ours = hub.add_repo("zoo/mine", {**files_of("finetune"), "README.md": b"# mine"})
    theirs = hub.add_repo("zoo/theirs", model("continued"))
    monkeypatch.setattr(
        type(ours),
        "created",
        property(lambda r: f"202{3 if r is ours else 4}-01-01T00:00:00.000Z"),
    )
    assert theirs.created > ours.created
    code, report = remote("zoo/mine", "--suspect", "zoo/theirs")
    assert report.findings[0].verdict is Verdict.RELATED
    assert report.verdict is DeclarationVerdict.UNDECLARED
    assert code == 1
    code, report = remote("zoo/theirs", "--base", "zoo/none", "--suspect", "zoo/mine")
    assert report.verdict is DeclarationVerdict.UNDECLARED
    assert code == 1


def files_of(name: str) -> dict[str, bytes]:
    """Return the files of a shipped model."""
    return {p.name: p.read_bytes() for p in model(name).iterdir()}


def test_a_replay_reads_the_pinned_commits_again(
    hub: LocalHub, remote: Remote, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A push after the check does not move a replay: the commit of the report is read."""
    hub.add_repo("zoo/base", model("base"))
    hub.add_repo("zoo/finetune", model("finetune"))
    remote("zoo/finetune")
    hub.push("zoo/finetune", files_of("twin"))
    assert main(["replay", str(tmp_path / "out" / "report.json")]) == ExitCode.OK
    assert "agrees" in capsys.readouterr().out
    code, report = remote("zoo/finetune", "--base", "zoo/base")
    assert code == 1
    assert report.verdict is DeclarationVerdict.CONTRADICTED


def test_a_token_never_reaches_an_output(
    hub: LocalHub, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check with a credential leaves no trace of it in any file."""
    hub.add_repo("zoo/base", model("base"), gated=True, readers=frozenset({"hf_sEcReT"}))
    hub.add_repo("zoo/finetune", model("finetune"))
    monkeypatch.setenv("HF_TOKEN", "hf_sEcReT")
    code, report = remote("zoo/finetune")
    assert code == 0
    assert report.findings[0].verdict is Verdict.RELATED
    for path in (tmp_path / "out").iterdir():
        assert "hf_sEcReT" not in path.read_text()


# -- the pipeline ---------------------------------------------------------------------------------


def test_progress_is_told_in_words() -> None:
    """Every step is announced before it is taken."""
    told: list[str] = []
    check(request(model("finetune"), [model("base")]), now=frozen_clock, progress=told.append)
    assert told[0] == "opening the subject"
    assert [t.split(" ")[0] for t in told[1:]] == ["opening", "reading"]


def test_nothing_but_the_clock_and_the_seed_decides() -> None:
    """Two checks under one clock and one seed are equal to the byte."""
    first, second = (
        outcome_of(request(model("upscaled"), [model("base")], [model("twin")], seed=9)).report
        for _ in range(2)
    )
    assert first.model_dump_json() == second.model_dump_json()
