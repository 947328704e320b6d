"""The functions are the commands: the same request, the same report, the same errors."""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import Any

import pytest

import hubcheck
from hubcheck.api.calls import _ref
from hubcheck.api.results import CheckReport, ComparisonReport
from hubcheck.cli import main
from hubcheck.demo.run import BASE, MODELS
from hubcheck.errors import ExitCode, HubcheckError, MissingModelError, UsageError
from hubcheck.report.comparison import Result
from hubcheck.report.words import Conclusion, DeclarationVerdict, Depth
from tests.signed.keys_made import key_pair

MIRRORS = {BASE: MODELS / "base"}


@pytest.fixture(scope="module")
def checked() -> tuple[CheckReport, list[str]]:
    """Return the report of a fine-tune that its card declares, and what was told on the way."""
    told: list[str] = []
    report = hubcheck.check(MODELS / "finetune", mirrors=MIRRORS, seed=7, progress=told.append)
    return report, told


def test_a_check_is_the_command_of_the_same_options(
    checked: tuple[CheckReport, list[str]], tmp_path: Path
) -> None:
    """What the function returns is, but for the clock, the report that the command line writes."""
    report, told = checked
    words = [
        "check", str(MODELS / "finetune"), "--mirror", f"{BASE}={MODELS / 'base'}", "--seed", "7",
        "--out", str(tmp_path), "--quiet",
    ]  # fmt: skip
    assert main(words) == report.exit_code == ExitCode.OK
    clock = {"started": "", "finished": "", "seconds": 0}
    written = json.loads((tmp_path / "report.json").read_text()) | clock
    assert json.loads(report.to_json()) | clock == written
    assert report.verdict is DeclarationVerdict.CONFIRMED
    assert report.conclusion is Conclusion.PASS
    assert told[0] == "opening the subject"


def test_check_stays_a_function_after_its_package_was_imported() -> None:
    """The pipeline lies in a package of that name; importing from it takes nothing away."""
    from hubcheck.check import run
    from hubcheck.check.run import Outcome

    assert run.Outcome is Outcome
    assert callable(hubcheck.check)
    assert list(inspect.signature(hubcheck.check).parameters)[:3] == ["model", "bases", "suspects"]
    assert {"check", "compare", "suspects", "load_report"} <= set(dir(hubcheck))
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        getattr(hubcheck, "chekc")  # noqa: B009 - a name that no type checker lets pass


def test_a_comparison_is_returned_with_its_result() -> None:
    """Two models, nobody's claim."""
    told: list[str] = []
    found = hubcheck.compare(
        MODELS / "base", MODELS / "base", depth="headers", seed=7, progress=told.append
    )
    assert found.result is Result.IDENTICAL
    assert found.comparison.repeat.startswith("hubcheck compare ")
    assert told[0] == "opening both models"


def test_suspects_are_found_without_the_hub() -> None:
    """What the files name is listed, in the order of the command, and nobody is asked."""
    found = hubcheck.suspects(MODELS / "finetune", ask_hub=False)
    assert [candidate.ref for candidate in found] == [BASE]
    assert found[0] in found.chosen
    assert str(found).count(BASE) == 1
    with pytest.raises(UsageError, match="limit is 0"):
        hubcheck.suspects(MODELS / "finetune", limit=0)


def test_a_report_is_read_back(checked: tuple[CheckReport, list[str]], tmp_path: Path) -> None:
    """Saved and loaded, by path, by name or from text, it is the same report and the same card."""
    report, _ = checked
    paths = report.save(tmp_path)
    for source in (paths["report.json"], str(paths["report.json"]), report.to_json()):
        again = hubcheck.load_report(source)
        assert again.report == report.report
        assert again.exit_code is None
    assert hubcheck.load_report(paths["report.json"]).to_html() == paths["card.html"].read_text()
    with pytest.raises(UsageError, match="no file"):
        hubcheck.load_report(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"depth": "deeper"}, "depth is 'deeper'"),
        ({"seed": -1}, "seed: '-1' is not a seed"),
        ({"max_read": "much"}, "max_read: 'MUCH' is not a size|max_read: 'much' is not a size"),
        ({"fail_on": "everything"}, "everything"),
        ({"bases": ["no name at all"]}, "no name at all"),
        ({"policy": "none.yml"}, "none.yml"),
        ({"suspects": Path("not-here")}, "not-here"),
    ],
)
def test_what_is_wrong_with_a_request_is_a_documented_error(
    arguments: dict[str, Any], said: str
) -> None:
    """Every wrong argument is an error of ``hubcheck.errors``, with its value and a next step."""
    with pytest.raises(HubcheckError, match=said) as raised:
        hubcheck.check(MODELS / "finetune", **{"mirrors": MIRRORS, **arguments})
    assert isinstance(raised.value, UsageError | MissingModelError)
    assert raised.value.next_step


def test_a_path_is_never_a_name_on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``Path("org/name")`` is the folder of that name, and missing where there is none."""
    monkeypatch.chdir(tmp_path)
    assert _ref(Path("org/name")) == "./org/name"
    assert _ref("org/name") == "org/name"
    with pytest.raises(MissingModelError):
        hubcheck.compare(Path("org/name"), Path("org/other"))


def test_one_base_needs_no_list() -> None:
    """A name is not taken apart into letters; a base that is given replaces the declared one."""
    found = hubcheck.check(
        MODELS / "finetune", bases=str(MODELS / "base"), depth=Depth.HEADERS, seed=7
    )
    assert [finding.base.ref for finding in found.findings] == [os.fspath(MODELS / "base")]


def test_signers_are_those_of_the_command_line(tmp_path: Path) -> None:
    """One needs no list; a folder that nobody signed fails, whoever is trusted."""
    _, public = key_pair(tmp_path)
    found = hubcheck.check(
        MODELS / "finetune", mirrors=MIRRORS, depth="headers", seed=7, signers=public,
        fail_on="require-signature",
    )  # fmt: skip
    assert found.report.policy.signers == (public.read_text(),)
    assert found.exit_code is ExitCode.POLICY_FAILED


def test_a_policy_file_says_what_is_not_said(tmp_path: Path) -> None:
    """Depth and words of a policy file hold, and an argument outranks them."""
    policy = tmp_path / "policy.yml"
    policy.write_text("depth: headers\nfail_on: [inconclusive]\n")
    report = hubcheck.check(MODELS / "finetune", mirrors=MIRRORS, policy=policy)
    assert report.report.depth is Depth.HEADERS
    assert report.conclusion is Conclusion.FAIL
    assert report.exit_code is ExitCode.POLICY_FAILED
    lenient = hubcheck.check(MODELS / "finetune", mirrors=MIRRORS, policy=policy, fail_on="none")
    assert lenient.conclusion is not Conclusion.FAIL
    assert isinstance(lenient, CheckReport)
    assert not isinstance(lenient, ComparisonReport)
