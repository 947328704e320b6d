"""What did the workflow ask for?

Every input reaches the code as one environment variable and is read here, once; each error names
its input. ``INPUTS`` is what action.yml and the docs are held against.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

from hubcheck.errors import UsageError, printable
from hubcheck.publish.github.answer import Mode as CommentMode
from hubcheck.publish.github.state import DEFAULT_ID, is_comment_id
from hubcheck.report.words import Depth
from hubcheck.request.options import AUTO
from hubcheck.request.values import parse_size
from hubcheck.verdict.policy import FAILABLE

LONGEST: Final = 20_000
"""Characters of one input; a list of two hundred bases fits."""
MOST_NAMES: Final = 200


class CardMode(StrEnum):
    """Whether the model card gets a section."""

    OFF = "off"
    COMMIT = "commit"
    PULL_REQUEST = "pull-request"


class BadgeMode(StrEnum):
    """Whether a badge is stored."""

    OFF = "off"
    COMMIT = "commit"
    BRANCH = "branch"


class Stage(StrEnum):
    """Which half of the work this step does."""

    AUTO = "auto"
    CHECK = "check"
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input of action.yml."""

    name: str
    default: str
    meaning: str


INPUTS: Final = (
    Input(name="model", default="", meaning="Folder of the workspace, or org/name, org/name:folder, org/name:Q4_K_M on the Hub; several by comma or line, or a pattern such as models/*: one job, one comment; default: the policy file's model, else the workspace"),  # noqa: E501 - one row of the table
    Input(name="revision", default="", meaning="Branch, tag or commit of a model on the Hub"),
    Input(name="bases", default="", meaning="Bases it is said to come from, by comma or line; they replace what the card declares"),  # noqa: E501
    Input(name="suspects", default="auto", meaning="Further bases to test: a list, auto (names leaked in the repository, no search) or none"),  # noqa: E501
    Input(name="suspects-file", default="", meaning="File of the repository with further bases to test, one a line, # begins a remark; at most 1,000 suspects in all"),  # noqa: E501
    Input(name="catalogue", default="off", meaning="A catalogue whose nearest families are tested too: a folder of the workspace, or org/name of a data set on the Hub; off: none"),  # noqa: E501
    Input(name="config-file", default=".github/hubcheck.yml", meaning="Policy file; the default may be absent"),  # noqa: E501
    Input(name="fail-on", default="", meaning=f"What fails, of {', '.join(FAILABLE)}, or none; default: the policy file's, else undeclared,contradicted, and nothing-compared where no weights are found"),  # noqa: E501
    Input(name="warn-only", default="", meaning="true: say what failed and end with exit code 0"),
    Input(name="depth", default="", meaning="headers, sample, deep or full; default: the policy file's, else sample"),  # noqa: E501
    Input(name="max-read", default="", meaning="Hard limit per model; default: the policy file's, else 64MB (512MB once a declared base looks unrelated; deep: 2GB, full: none)"),  # noqa: E501
    Input(name="comment", default="changes", meaning="changes (the first verdict, then what changed), always, failures or off"),  # noqa: E501
    Input(name="comment-id", default=DEFAULT_ID, meaning="Tells several comments on one pull request apart"),  # noqa: E501
    Input(name="check-run", default="false", meaning="true: a check run 'hubcheck card' with the card as its text and a remark on each line that names a base; needs checks: write"),  # noqa: E501
    Input(name="card", default="off", meaning="Section of the model card: off, commit (in a folder: written for the next step to commit) or pull-request (on the Hub)"),  # noqa: E501
    Input(name="badge", default="off", meaning="Where the badge is stored: off, commit (beside the card) or branch (hubcheck-badge of this repository)"),  # noqa: E501
    Input(name="mode", default="auto", meaning="auto, check or publish; auto publishes after another workflow and checks otherwise"),  # noqa: E501
    Input(name="github-token", default="${{ github.token }}", meaning="Writes the comment; the job's own token is enough"),  # noqa: E501
    Input(name="read-token", default="", meaning="Hub token that may read gated bases"),
    Input(name="write-token", default="", meaning="Hub token that may write the model card"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The inputs, read and checked. None means: not given, ask the policy file."""

    models: tuple[str, ...]
    """As they were typed: names, folders, patterns of folders; empty: ask the policy file."""
    revision: str
    bases: tuple[str, ...]
    suspects: tuple[str, ...]
    suspects_auto: bool
    suspects_file: str
    """A file of the workspace that names further ones; empty: none."""
    catalogue: str
    """A folder or data set; empty: none is asked."""
    config_file: str
    fail_on: str | None
    warn_only: bool | None
    depth: Depth | None
    max_read: int | None
    comment: CommentMode
    comment_id: str
    check_run: bool
    card: CardMode
    badge: BadgeMode
    stage: Stage
    github_token: str = field(repr=False)
    read_token: str = field(repr=False)
    write_token: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never appear in a log."""
        return tuple(t for t in (self.github_token, self.read_token, self.write_token) if t)


def read_inputs(environment: Mapping[str, str]) -> Settings:
    """Return the settings of a run.

    Args:
        environment: Of the container; GitHub keeps the dashes of an input's name.

    Raises:
        UsageError: an input is malformed; its name and value are in the message.
    """
    given = {one.name: _value(environment, one) for one in INPUTS}
    names = _names("suspects", given["suspects"])
    auto = AUTO in names
    depth, warn, size = given["depth"], given["warn-only"], given["max-read"]
    if not is_comment_id(given["comment-id"]):
        raise _wrong(
            "comment-id", given["comment-id"], "letters, digits, dots and dashes, up to 64"
        )
    return Settings(
        models=_names("model", given["model"]),
        revision=given["revision"],
        bases=_names("bases", given["bases"]),
        suspects=tuple(n for n in names if n not in {AUTO, "none"}),
        suspects_auto=auto,
        suspects_file=_path("suspects-file", given["suspects-file"]),
        catalogue=_catalogue(given["catalogue"]),
        config_file=given["config-file"],
        fail_on=given["fail-on"] or None,
        warn_only=_flag("warn-only", warn) if warn else None,
        depth=_word("depth", depth, Depth) if depth else None,
        max_read=_size("max-read", size) if size else None,
        comment=_word("comment", given["comment"], CommentMode),
        comment_id=given["comment-id"],
        check_run=_flag("check-run", given["check-run"]),
        card=_word("card", given["card"], CardMode),
        badge=_word("badge", given["badge"], BadgeMode),
        stage=_word("mode", given["mode"], Stage),
        github_token=given["github-token"],
        read_token=given["read-token"],
        write_token=given["write-token"],
    )


def _value(environment: Mapping[str, str], one: Input) -> str:
    default = "" if one.default.startswith("${{") else one.default
    dashed = f"INPUT_{one.name.upper()}"
    # A shell that runs the image by hand cannot set a name with dashes.
    text = environment.get(dashed, environment.get(dashed.replace("-", "_"), default)).strip()
    if len(text) > LONGEST or "\0" in text:
        raise _wrong(one.name, text, f"at most {LONGEST} characters of text")
    return text or default


def listed(text: str) -> tuple[str, ...]:
    """Return the names of a list by comma or line."""
    return tuple(n.strip() for n in text.replace(",", "\n").splitlines() if n.strip())


def _catalogue(text: str) -> str:
    if text.startswith("-"):
        raise _wrong("catalogue", text, "a folder, org/name of a data set, or off")
    return "" if text == "off" else text


def _path(name: str, text: str) -> str:
    if text.startswith("-") or "\n" in text:
        raise _wrong(name, text, "the path of one file in the repository")
    return text


def _names(name: str, text: str) -> tuple[str, ...]:
    names = listed(text)
    for one in names:
        if one.startswith("-"):
            # Reaches no command line, but a list that looks like options is never what was meant.
            raise _wrong(name, one, "names of models, by comma or line")
    if len(names) > MOST_NAMES:
        raise _wrong(name, f"{len(names)} names", f"at most {MOST_NAMES} names")
    return names


Word = TypeVar("Word", bound=StrEnum)


def _word(name: str, text: str, words: type[Word]) -> Word:
    try:
        return words(text.lower())
    except ValueError as error:
        raise _wrong(name, text, f"one of {', '.join(words)}") from error


def _flag(name: str, text: str) -> bool:
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    raise _wrong(name, text, "true or false")


def _size(name: str, text: str) -> int:
    try:
        return parse_size(text)
    except argparse.ArgumentTypeError as error:
        raise _wrong(name, text, "a size such as 64MB") from error


def _wrong(name: str, text: str, wanted: str) -> UsageError:
    return UsageError(
        f"The input {name} is '{printable(text)}'.",
        cause="a typing error in the workflow, or an expression that gave something else.",
        next_step=f"give {wanted}.",
    )
