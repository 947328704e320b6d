"""Does ``hubcheck compare`` say what two models are to each other, and accuse and confirm nobody?"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from hubcheck.cli import main
from hubcheck.report.comparison import Comparison, Result
from tests.cli.test_entry import BASE, FINETUNE, WRONG, Run, run
from tests.evidence.laboratory import model

__all__ = ["run"]

NEVER = re.compile(
    r"contradict|confirmed|declare[sd]|undeclared|the card says|disguis|stole", re.IGNORECASE
)
"""Words of a claim or an accusation; nobody claimed anything."""


def compared(folder: Path) -> Comparison:
    """Read the comparison that a run wrote."""
    return Comparison.model_validate_json((folder / "comparison.json").read_bytes())


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Compare each model with the base once, for all tests that only look at what came out."""
    folders = {}
    for name in ("finetune", "twin", "disguised", "upscaled"):
        folders[name] = tmp_path_factory.mktemp("pair")  # a name that says nothing
        link = folders[name] / "model-a"
        link.symlink_to(model(name))
        words = ["compare", str(link), BASE, "--seed", "1", "--out", str(folders[name])]
        assert main([*words, "--quiet"]) == 0
    return folders


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("finetune", Result.RELATED),
        ("twin", Result.UNRELATED),
        ("disguised", Result.RELATED),
        ("upscaled", Result.RELATED),
    ],
)
def test_the_result_is_a_neutral_word(pairs: dict[str, Path], name: str, result: Result) -> None:
    """Exit code 0 whatever it is, and no word of a claim on any card."""
    folder = pairs[name]
    found = compared(folder)
    assert found.result is result
    for card in ("comparison.md", "comparison.html"):
        text = (folder / card).read_text(encoding="utf-8")
        assert not NEVER.search(text.replace("No declaration was looked at", ""))


def test_two_strangers_whose_cards_name_other_bases_accuse_nobody(run: Run, tmp_path: Path) -> None:
    """What ends as contradicted in a check is a plain word here, with exit code 0."""
    done = run("compare", WRONG, BASE, "--seed", 1)
    assert done.code == 0
    assert "no relation between A and B was found  (unrelated)" in done.out
    assert not NEVER.search(done.out.replace("No declaration was looked at", ""))
    assert compared(tmp_path / "hubcheck-compare").finding.declared is False


def test_identity_is_by_hash(run: Run, tmp_path: Path) -> None:
    """A copy under other file dates is identical; --exit-code says so to a script."""
    shutil.copytree(BASE, tmp_path / "copy")
    done = run("compare", BASE, "copy", "--exit-code")
    assert (done.code, compared(tmp_path / "hubcheck-compare").result) == (0, Result.IDENTICAL)
    assert "A and B hold the same weights" in done.out
    assert run("compare", FINETUNE, BASE, "--exit-code").code == 1


def test_tensors_are_held_against_each_other(pairs: dict[str, Path]) -> None:
    """Names, shapes and formats: the upscaled model has the tensors of two more layers."""
    found = compared(pairs["upscaled"])
    assert found.tensors is not None
    assert found.a_stored is not None
    assert found.b_stored is not None
    n_more = found.a_stored.tensors - found.b_stored.tensors
    assert len(found.tensors.only_a) == n_more > 0
    assert not found.tensors.only_b
    assert found.tensors.shared == found.b_stored.tensors
    page = (pairs["upscaled"] / "comparison.html").read_text(encoding="utf-8")
    assert "only in A" in page
    assert found.tensors.only_a[0] in page


def test_the_share_of_changed_values_and_the_heat_map_are_shown(pairs: dict[str, Path]) -> None:
    """A related pair has both; strangers have neither."""
    text = (pairs["finetune"] / "comparison.md").read_text(encoding="utf-8")
    assert re.search(r"\d %( of a sample)?", text)
    assert "How far the weights moved" in text
    assert "How far the weights moved" not in (pairs["twin"] / "comparison.md").read_text("utf-8")


def test_json_is_the_written_comparison(run: Run, tmp_path: Path) -> None:
    """What is printed is what lies in the file, and the command in it gives the same again."""
    done = run("compare", FINETUNE, BASE, "--seed", 5, "--json")
    first = json.loads(done.out)
    assert first == json.loads((tmp_path / "hubcheck-compare" / "comparison.json").read_text())
    again = json.loads(run(*first["repeat"].split()[1:], "--json").out)
    assert again["finding"] == first["finding"]


def test_the_order_of_the_two_changes_no_result(run: Run, tmp_path: Path) -> None:
    """B against A is what A against B is."""
    run("compare", BASE, FINETUNE, "--seed", 1)
    assert compared(tmp_path / "hubcheck-compare").result is Result.RELATED


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        ({}, 4, "no weights"),
        ({"model.safetensors": b"\xff" * 64}, 4, ""),
        (None, 3, "There is no folder or file"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_what_cannot_be_read_is_an_error_about_its_own_side(
    run: Run, tmp_path: Path, files: dict[str, bytes] | None, code: int, said: str, *, first: bool
) -> None:
    """Missing, empty and broken models end with the documented codes, whichever side they are."""
    bad = tmp_path / "bad"
    if files is not None:
        bad.mkdir()
        (bad / "config.json").write_text("{}", encoding="utf-8")
        for name, data in files.items():
            (bad / name).write_bytes(data)
    done = run("compare", *(("./bad", BASE) if first else (BASE, "./bad")))
    assert done.code == code, done.err
    assert said.lower() in done.err.lower()
    assert "bad" in done.err
    assert "next:" in done.err
