"""Do the messages of a first day say what is wrong, about the right thing, and what to do?"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from hubcheck.card import badge, sentences
from hubcheck.card.document import raw_text
from hubcheck.card.explain import explain
from hubcheck.cli.entry import build_parser
from hubcheck.cli.places import mistyped
from hubcheck.errors import UsageError, counted
from hubcheck.report.schema import Report
from hubcheck.report.words import Depth, RelationKind, Verdict
from hubcheck.request.interface import BUDGETS, ESCALATION
from hubcheck.source.reference import parse_reference
from hubcheck.verdict.policy import FAILABLE
from tests.cli.test_entry import BASE, FINETUNE, WRONG, Run, report_at, run

__all__ = ["run"]


def help_of(command: str) -> str:
    """Return the help of a command, in one line."""
    commands = next(a for a in build_parser()._actions if a.dest == "command").choices
    assert isinstance(commands, dict)
    return " ".join(commands[command].format_help().split())


def test_the_words_of_a_policy_are_all_listed() -> None:
    """Nobody has to guess what --fail-on can name."""
    text = help_of("check")
    assert all(re.search(rf"\b{word}\b", text) for word in FAILABLE)


def test_every_option_with_a_default_says_it() -> None:
    """In every command and its own commands; switches are off."""
    todo = [build_parser()]
    while todo:
        parser = todo.pop()
        for action in parser._actions:
            if action.choices and action.dest in {"command", "action"}:
                assert isinstance(action.choices, dict)
                todo += action.choices.values()
            elif action.default not in (None, [], "", False, "==SUPPRESS=="):
                shown = " ".join(parser.format_help().partition("Examples:")[0].split())
                name = action.option_strings[-1] if action.option_strings else str(action.metavar)
                part = shown.rpartition(f" {name} ")[2] or shown
                assert "default" in part, (parser.prog, action.dest)


@pytest.mark.parametrize(
    "command", ["check", "compare", "replay", "suspects", "card", "publish", "sign", "verify"]
)
def test_help_shows_examples_that_parse(command: str) -> None:
    """Each example is a command that the parser takes."""
    commands = next(a for a in build_parser()._actions if a.dest == "command").choices
    assert isinstance(commands, dict)
    lines = commands[command].format_help().partition("Examples:")[2].splitlines()
    examples = [re.split(r" >| &&", line)[0] for line in lines if "hubcheck " in line]
    assert len(examples) >= 2
    for example in examples:
        words = shlex.split(example)
        build_parser().parse_args(words[words.index("hubcheck") + 1 :])


def test_both_limits_of_a_sample_are_said_wherever_one_is(run: Run) -> None:
    """64 MB is not all that sample may read: help, plan and card name the other number, too."""
    assert (BUDGETS[Depth.SAMPLE], ESCALATION) == (64_000_000, 512_000_000)
    assert "64MB, but 512MB" in help_of("check")
    plan = run("check", WRONG, "--base", BASE, "--plan").out
    assert "limit: 64,000,000 bytes of each model; 512,000,000 once" in plan
    named = run("check", WRONG, "--base", BASE, "--plan", "--max-read", "1MB").out
    assert "limit: 1,000,000 bytes of each model\n" in named
    root = Path(__file__).parents[2]
    for place in ("README.md", "action.yml", "docs/action.md"):
        text = (root / place).read_text(encoding="utf-8")
        assert re.search(r"512 ?MB once a declared base looks unrelated", text), place
    assert "512 MB" in explain("sample")


@pytest.mark.parametrize(
    "word",
    ["kept", "similarity", "family", "hits", "units", "evidence", "base", "by chance", "Heat map",
     "frame", "power", "sample", "finetune", "controls", "seed", "undeclared_part"],
)  # fmt: skip
def test_words_of_a_card_are_explained(word: str) -> None:
    """Columns and kinds of numbers, not verdicts alone; in any spelling."""
    text = explain(word)
    assert all(part in text for part in ("Means:", "Does not mean:", "Do:"))
    assert max(map(len, text.splitlines())) <= 100


def test_a_word_that_is_none_gets_the_nearest(run: Run) -> None:
    """A typing error is answered with what was meant."""
    assert "did you mean 'contradicted'?" in run("explain", "contradictd").err


@pytest.fixture
def checked(run: Run, tmp_path: Path) -> Report:
    """Return the report of a base that only the command line names."""
    assert run("check", FINETUNE, "--base", BASE, "--seed", 1).code == 0
    return report_at(tmp_path / "hubcheck-out")


def test_a_base_that_only_the_command_line_names_is_not_called_declared(checked: Report) -> None:
    """The card says another name: neither title nor badge say that the weights match the card."""
    assert checked.declared.bases != (BASE,)
    title = raw_text(sentences.title(checked))
    assert title.startswith("the weights match the named base ")
    assert badge.message(checked).startswith("matches the base named: ")
    said = checked.model_copy(
        update={"declared": checked.declared.model_copy(update={"bases": (f"{BASE}@main",)})}
    )
    assert raw_text(sentences.title(said)).startswith("the weights match the declared base ")
    assert badge.message(said).startswith("matches its card: ")


def test_a_section_from_a_folder_claims_no_commits(run: Run, tmp_path: Path) -> None:
    """What lies in folders is replayed where they lie; the line in the section runs there."""
    shutil.copytree(FINETUNE, tmp_path / "mine")
    shutil.copytree(BASE, tmp_path / "its-base")
    run("check", "mine", "--base", "its-base", "--seed", 1)
    named = ("publish", "hubcheck-out/report.json", "--to", "model-card", "--folder", "mine")
    assert run(*named).code == 0
    section = (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")
    assert "from these commits" not in section
    assert "where the folders named here lie" in section
    assert "the folder `its-base`, weights digest" in section
    assert run("replay", "mine/provenance/hubcheck.json").code == 0


def test_the_printed_replay_line_runs_from_where_it_was_printed(run: Run) -> None:
    """It names the report where it was written, whatever --out was."""
    done = run("check", WRONG, "--base", BASE, "--seed", 1, "--out", "my results")
    line = re.search(r"wrong\? (hubcheck replay .*?) - accepted", done.out)
    assert line is not None
    assert run(*shlex.split(line[1])[1:]).code == 0


def test_a_report_of_another_model_is_kept(run: Run, tmp_path: Path) -> None:
    """Nothing is overwritten without a word, and the report of another model not at all."""
    run("check", FINETUNE, "--base", BASE, "--depth", "headers")
    again = run("check", FINETUNE, "--base", BASE, "--depth", "headers")
    assert "this replaces the report of" in again.err
    other = run("check", WRONG, "--base", BASE, "--depth", "headers")
    assert "is kept as hubcheck-out/earlier-report.json" in other.err
    kept = json.loads((tmp_path / "hubcheck-out" / "earlier-report.json").read_text("utf-8"))
    assert kept["subject"]["ref"] == FINETUNE


def test_a_mistyped_folder_is_not_only_looked_for_on_the_hub(tmp_path: Path) -> None:
    """Where its folder is here, that is said, with the name that was meant; nowhere else."""
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    said = list(mistyped(("models/tinny", "models/tiny", "acme/tinny", "tinny"), tmp_path))
    assert said == [
        "there is no 'models/tinny' here; it is looked for on the Hub. Did you mean 'models/tiny'?"
    ]


@pytest.mark.parametrize(
    "address",
    ["https://discuss.huggingface.co/t/a-thread/123", "https://huggingface.co/datasets/acme/data",
     "https://huggingface.co/posts/acme/123", "https://example.org/acme/model"],
)  # fmt: skip
def test_an_address_that_shows_no_model_is_said_to_show_none(address: str) -> None:
    """A forum, a data set and another site are named as what they may be."""
    with pytest.raises(UsageError) as error:
        parse_reference(address)
    assert "the address shows no model of the Hub" in error.value.cause


@pytest.mark.parametrize("path", [r".\model", r"C:\models\x", "C:/models/x", r"\\host\share\x"])
def test_a_path_of_windows_is_a_path(path: str) -> None:
    """Where nothing lies at it that is said, and no repository is looked for."""
    with pytest.raises(Exception, match="There is no folder or file"):
        parse_reference(path)


@pytest.mark.parametrize(("n", "said"), [(0, "0 bases"), (1, "1 base"), (1200, "1,200 bases")])
def test_one_is_no_plural(n: int, said: str) -> None:
    """``1 base``, never ``1 bases``."""
    assert counted(n, "base") == said


def test_relations_and_verdicts_are_still_explained() -> None:
    """No term stands before a word of the report."""
    for word in (*Verdict, *RelationKind):
        assert explain(word.value).startswith(word.value)
