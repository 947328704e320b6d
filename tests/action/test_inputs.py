"""Tests of the inputs: read once, each error names its input, secrets never shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from action.inputs import INPUTS, Stage, read_inputs
from hubcheck.errors import ExitCode, UsageError
from hubcheck.publish.github.answer import Mode
from hubcheck.report.words import Depth
from tests.action.conftest import MODELS, Job


def test_nothing_given_means_the_defaults() -> None:
    """An empty environment is a complete set of settings."""
    settings = read_inputs({})
    assert settings.comment is Mode.CHANGES
    assert settings.stage is Stage.AUTO
    assert settings.suspects_auto
    assert settings.fail_on is None
    assert settings.comment_id == "hubcheck"


def test_dashes_of_a_name_are_kept_or_underscored() -> None:
    """GitHub keeps the dashes in the variable's name; a shell cannot set such a one."""
    assert read_inputs({"INPUT_MAX-READ": "1MB"}).max_read == 1_000_000
    assert read_inputs({"INPUT_MAX_READ": "2MB"}).max_read == 2_000_000


def test_lists_are_split_by_comma_and_line() -> None:
    """Bases and suspects come one per line or with commas; ``auto`` is no name."""
    settings = read_inputs({"INPUT_BASES": "a/b, c/d\n e/f\n\n", "INPUT_SUSPECTS": "auto,x/y"})
    assert settings.bases == ("a/b", "c/d", "e/f")
    assert settings.suspects == ("x/y",)
    assert settings.suspects_auto
    assert not read_inputs({"INPUT_SUSPECTS": "none"}).suspects_auto


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("depth", "deepest"),
        ("comment", "sometimes"),
        ("card", "yes"),
        ("badge", "yes"),
        ("mode", "run"),
        ("warn-only", "1"),
        ("max-read", "much"),
        ("comment-id", "-->"),
        ("comment-id", "x" * 65),
        ("bases", "--out=/"),
        ("suspects", "-rf"),
        ("bases", ",".join(["a/b"] * 201)),
        ("suspects-file", "--policy"),
        ("suspects-file", "a.txt\nb.txt"),
        ("model", "x" * 30_000),
    ],
)
def test_a_bad_input_is_named(name: str, value: str) -> None:
    """The message names the input and shows its value, at most a line of it."""
    with pytest.raises(UsageError, match=f"The input {name} is") as caught:
        read_inputs({f"INPUT_{name.upper()}": value})
    assert len(str(caught.value)) < 500


def test_secrets_are_not_shown() -> None:
    """Settings can be printed; tokens stay out."""
    settings = read_inputs(
        {"INPUT_GITHUB-TOKEN": "ghs_1", "INPUT_READ-TOKEN": "hf_2", "INPUT_WRITE-TOKEN": "hf_3"}
    )
    assert settings.secrets == ("ghs_1", "hf_2", "hf_3")
    assert not any(secret in repr(settings) for secret in settings.secrets)


@given(st.dictionaries(st.sampled_from([one.name for one in INPUTS]), st.text(max_size=60)))
def test_any_text_is_read_or_refused(values: dict[str, str]) -> None:
    """No text makes the reader fail otherwise than by a usage error."""
    try:
        settings = read_inputs({f"INPUT_{k.upper()}": v for k, v in values.items()})
    except UsageError:
        return
    assert settings.depth is None or settings.depth in Depth


def test_secrets_are_masked_before_anything_else_is_written(job: Job) -> None:
    """The first lines of the log are the masks."""
    job.inputs |= {"read-token": "hf_secret", "depth": "headers"}
    ended = job.run("schedule", {})
    assert ended.log[:2] == ["::add-mask::bot-token", "::add-mask::hf_secret"]
    assert not any("hf_secret" in line for line in ended.log[2:])


@pytest.mark.parametrize("model", ["../outside", "/etc", "models/../../x", "link"])
def test_a_model_outside_of_the_workspace_is_refused(job: Job, model: str) -> None:
    """Neither dots nor a link in the repository lead out of the workspace."""
    (job.workspace / "link").symlink_to("/etc")
    job.inputs["model"] = model
    ended = job.run("schedule", {})
    assert ended.code is ExitCode.USAGE
    assert "outside of the workspace" in ended.summary


@pytest.mark.parametrize(
    ("model", "revision", "text"),
    [
        ("models/tiny", "main", "is a folder"),
        ("no such thing", "", "neither a folder"),
    ],
)
def test_a_model_that_cannot_be_meant(job: Job, model: str, revision: str, text: str) -> None:
    """A revision of a folder and a name that is none are usage errors."""
    job.inputs |= {"model": model, "revision": revision}
    ended = job.run("schedule", {})
    assert ended.code is ExitCode.USAGE
    assert text in ended.summary


def test_a_model_on_the_hub_that_is_not_there(job: Job) -> None:
    """Exit 3, and the summary has cause and next step."""
    job.inputs["model"] = "acme/nothing"
    ended = job.run("schedule", {})
    assert ended.code is ExitCode.UNREACHABLE
    assert "**Next:**" in ended.summary


def test_warn_only_says_it_and_ends_well(job: Job) -> None:
    """The conclusion stays fail, the exit code is 0."""
    job.put_model("wrong-declaration")
    job.inputs["warn-only"] = "true"
    ended = job.run("schedule", {})
    assert ended.code is ExitCode.OK
    assert ended.outputs["conclusion"] == "fail"
    assert ended.annotations("error")


def test_suspects_auto_tests_a_leaked_name(job: Job) -> None:
    """A name that config.json leaks beside another declaration is tested."""
    path = job.workspace / "models/tiny/config.json"
    path.write_text(path.read_text().replace("{", '{"_name_or_path": "acme/leaked",', 1))
    ended = job.run("schedule", {})
    assert "| `acme/leaked` |" in ended.summary
    job.inputs |= {"suspects": "none", "depth": "headers"}
    assert "| `acme/leaked` |" not in job.run("schedule", {}).summary


def test_suspects_auto_tests_a_model_that_the_cards_prose_names(job: Job) -> None:
    """A link in the card is a leaked name too; the model itself is none."""
    card = job.workspace / "models/tiny/README.md"
    link = "https://huggingface.co/acme/mentioned"
    card.write_text(card.read_text() + f"\nWe thank the makers of [mentioned]({link}).\n")
    assert "| `acme/mentioned` |" in job.run("schedule", {}).summary


def test_suspects_auto_is_capped(job: Job) -> None:
    """A card full of names costs eight bases at most."""
    card = job.workspace / "models/tiny/README.md"
    links = "\n".join(f"- https://huggingface.co/acme/m{n}" for n in range(30))
    card.write_text(card.read_text() + "\n" + links + "\n")
    tested = set(re.findall(r"\| `(acme/m\d+)` \|", job.run("schedule", {}).summary))
    assert len(tested) == 7  # beside the declared one


def test_a_file_of_the_repository_names_suspects(job: Job) -> None:
    """Each is tested beside those of the input, and the command on the card names it."""
    (job.workspace / "suspects.txt").write_text("# ours\nacme/listed\nacme/Leaked\n")
    job.inputs |= {"suspects-file": "suspects.txt", "suspects": "acme/leaked", "depth": "headers"}
    summary = job.run("schedule", {}).summary
    assert "| `acme/listed` |" in summary
    assert "--suspect acme/listed" in summary
    assert "acme/Leaked" not in summary  # the same model, spelled as the input has it


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("suspects.txt", "", "names no model"),
        ("missing.txt", None, "cannot be read"),
        ("../suspects.txt", None, "lies outside of the workspace"),
        ("suspects.txt", "acme/a\n../../elsewhere\n", "lies outside of the workspace"),
        ("suspects.txt", "acme/a\n\x1b[31m/x\n", "line 2 of the list"),
        ("suspects.txt", "\n".join(f"acme/m{n}" for n in range(1_001)), "more than 1000 suspects"),
    ],
)  # fmt: skip
def test_a_file_of_suspects_is_taken_for_hostile(
    job: Job, name: str, text: str | None, said: str
) -> None:
    """Who may change it need not have written the workflow: a clear error, and no model read."""
    if text is not None:
        (job.workspace / name).write_text(text)
    job.inputs["suspects-file"] = name
    ended = job.run("schedule", {})
    assert ended.code is ExitCode.USAGE
    assert said in "\n".join(ended.annotations("error"))
    assert "\x1b" not in ended.log


def test_a_link_out_of_the_repository_is_no_file_of_suspects(job: Job) -> None:
    """A checkout may hold one: what it leads to is not read."""
    (job.folder / "secret.txt").write_text("acme/secret\n")
    (job.workspace / "suspects.txt").symlink_to(job.folder / "secret.txt")
    job.inputs["suspects-file"] = "suspects.txt"
    ended = job.run("schedule", {})
    assert ended.code is ExitCode.USAGE
    assert "acme/secret" not in ended.log


def test_an_output_folder_that_is_a_link_is_not_followed(job: Job) -> None:
    """A checkout cannot make the report land elsewhere."""
    target = job.folder / "elsewhere"
    target.mkdir()
    (job.workspace / "hubcheck-out").symlink_to(target)
    job.inputs["depth"] = "headers"
    ended = job.run("schedule", {})
    assert ended.outputs["report-path"] == "hubcheck-out-1/report.json"
    assert list(target.iterdir()) == []


def test_the_card_in_the_workspace(job: Job) -> None:
    """Section, badge and report are written into the folder; committing is the next step's."""
    job.inputs["card"] = "commit"
    ended = job.run("schedule", {})
    assert ended.code is ExitCode.OK
    assert ended.annotations("warning") == []
    assert "hubcheck" in (job.workspace / "models/tiny/README.md").read_text()
    assert list((job.workspace / "models/tiny").rglob("badge.svg"))


def test_the_badge_alone_in_the_workspace(job: Job) -> None:
    """The card stays as it was."""
    before = (job.workspace / "models/tiny/README.md").read_bytes()
    job.inputs |= {"badge": "commit", "depth": "headers"}
    job.run("schedule", {})
    assert (job.workspace / "models/tiny/README.md").read_bytes() == before
    assert list((job.workspace / "models/tiny").rglob("badge.svg"))


def test_the_card_on_the_hub(job: Job) -> None:
    """The section is committed with the write token, and the run says where."""
    job.hub.add_repo("acme/tuned", MODELS / "finetune", readers=frozenset({"writer"}))
    job.inputs |= {
        "model": "acme/tuned", "card": "pull-request", "depth": "headers", "write-token": "writer"
    }  # fmt: skip
    ended = job.run("schedule", {})
    assert ended.code is ExitCode.OK
    assert any("hubcheck: wrote" in line for line in ended.log) or ended.annotations("warning")


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"card": "pull-request"}, "is for a model on the Hub"),
        ({"badge": "commit", "model": "zoo/base"}, "comes with card"),
    ],
)
def test_a_card_that_cannot_be_written_is_a_warning(
    job: Job, inputs: dict[str, str], text: str
) -> None:
    """What makes no sense is said, and the check counts all the same."""
    job.inputs |= {"depth": "headers", **inputs}
    ended = job.run("schedule", {})
    assert ended.code is ExitCode.OK
    assert any(text in line for line in ended.annotations("warning"))


def test_the_badge_branch(job: Job) -> None:
    """The badge lies on a branch of its own, one commit on top of the other."""
    job.inputs |= {"badge": "branch", "depth": "headers", "bases": "zoo/base"}
    first = job.run("schedule", {})
    assert first.outputs["badge-url"] == (
        "https://raw.githubusercontent.com/octo/models/hubcheck-badge/badge.svg"
    )
    job.inputs["depth"] = "sample"
    job.run("schedule", {})
    world = job.github.world
    top = world.commits[world.refs["heads/hubcheck-badge"]]
    assert len(top["parents"]) == 1
    assert world.commits[top["parents"][0]]["parents"] == []
    job.run("schedule", {})
    assert world.commits[world.refs["heads/hubcheck-badge"]] == top
