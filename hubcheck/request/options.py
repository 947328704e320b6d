"""What can be asked of a check, and how is it written as a command and read back from one?

One table for everybody who asks: the command line, the Action, the receiver of webhooks, the demo,
and the line on a card. That line repeats the check that was *asked for*: ``auto`` stays ``auto``.
A list of what it found would be another check: a base that the user names is tested whatever it
looks like, counts as one whose date does not matter, and the models that were looked at to choose
it would no longer weaken the bound. What was *found* is repeated by ``hubcheck replay``, at the
pinned commits. Folders are written as they were given, so that a published card shows no path of
the machine it was made on; ``--from`` says where they are counted from.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NoReturn

from hubcheck.frozen import frozen
from hubcheck.report.words import Depth
from hubcheck.request.values import parse_endpoint, parse_mirror, parse_seed, parse_size

AUTO: Final = "auto"
"""A suspect: what ``hubcheck suspects`` lists. A model of that name is ``./auto``."""
FILES: Final = "files"
"""A suspect: what the subject's files name without declaring it, and no search; the Action's
``auto``. A model of that name is ``./files``."""
CATALOGUE: Final = "catalogue"
"""A suspect: the families of a catalogue that are nearest. A model of that name is
``./catalogue``."""
FOUND: Final = frozenset({AUTO, FILES, CATALOGUE})
"""Suspects that stand for what is found, and name no model."""
FAIL_ON: Final = "undeclared,contradicted"
"""What fails where nobody says."""


@frozen
class Options:
    """A check as it is asked for: text and numbers, nothing looked up. None: not said."""

    subject: str
    bases: tuple[str, ...] = ()
    """They replace what the subject declares, and count as declared."""
    suspects: tuple[str, ...] = ()
    """Tested too; ``AUTO``, ``FILES`` and ``CATALOGUE`` stand for what is found."""
    catalogue: str = ""
    """The catalogue that ``CATALOGUE`` means: a folder, or a data set; empty: what ships."""
    depth: Depth | None = None
    max_read: int | None = None
    """Hard limit in bytes per model; None: what the depth has."""
    seed: int | None = None
    fail_on: str | None = None
    """Words of ``verdict.policy.FAILABLE`` by comma, or ``none``."""
    mirrors: tuple[tuple[str, str], ...] = ()
    """(org/name, folder): a folder that stands for a base which the subject declares."""
    policy_file: str = ""
    """Says what is not said here, and what is accepted."""
    signers: tuple[str, ...] = ()
    """Who may have signed the weights: files of public keys, or ``identity=... issuer=...``."""
    behaviour: bool = False
    """Whether the models are run, too, for context."""
    endpoint: str = ""
    """A model behind an API that is held against the subject, ``https://host/v1#model``."""


REF_HELP: Final = (
    "A REF names a model: org/name or org/name@revision on the Hub; org/name:folder, one folder of "
    "a repository (its card is the folder's own, else the one at top level); org/name:Q4_K_M, its "
    "GGUF files of that quantisation, in whatever folder (a folder of that name wins); "
    "org/name:folder@revision; the address of a page of the Hub; or a folder or file here. A "
    "repository of several components (model_index.json, modules.json) is one model, each "
    "component a part of it; where all weights are GGUF files in folders, the largest quantisation "
    "is read and the others are named."
)
"""What can be written wherever a model is named."""


MAX_READ_HELP: Final = (
    "hard limit per model, 64MB or 1GB or a number of bytes; default: 64MB, but 512MB at depth "
    "sample once a declared base looks unrelated, which then takes 0.3 GB of memory and more; "
    "2GB at depth deep, none at depth full"
)
"""Says both limits of ``sample``: ``request.interface.BUDGETS`` and ``ESCALATION``."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be asked of a check to a parser."""
    parser.add_argument("subject", metavar="SUBJECT", help="the model to check: a REF, see above")
    parser.add_argument(
        "--base",
        action="append",
        default=[],
        metavar="REF",
        help="a base it is said to come from; replaces what its card declares",
    )
    parser.add_argument(
        "--suspect",
        action="append",
        default=[],
        metavar="REF",
        help="a further base to test; auto adds those that hubcheck suspects lists, files only "
        "those that the model's own files name, catalogue the nearest families of a catalogue",
    )
    parser.add_argument(
        "--catalogue",
        default="",
        metavar="PLACE",
        help="with --suspect catalogue: a folder, or org/name of a data set on the Hub; default: "
        "the catalogue of the demo's models that ships",
    )
    parser.add_argument(
        "--depth",
        choices=[depth.value for depth in Depth],
        help="how much of the weights is read, default sample; full reads every byte, and can be "
        "stopped and gone on with",
    )
    parser.add_argument(
        "--max-read",
        type=parse_size,
        metavar="SIZE",
        help=MAX_READ_HELP,
    )
    parser.add_argument(
        "--seed",
        type=parse_seed,
        metavar="N",
        help="repeat the draw of another run; default: a new one",
    )
    parser.add_argument(
        "--fail-on",
        metavar="WORDS",
        help=f"what ends with exit code 1: words by comma, or none; default {FAIL_ON}. The words: "
        "undeclared, contradicted, inconclusive, none-found, disguised, not-tested (a base), "
        "nothing-compared (all of them), undeclared-upstream, match-undated, undeclared-part, "
        "require-signature; `hubcheck explain WORD` says what each means",
    )
    parser.add_argument(
        "--mirror",
        action="append",
        default=[],
        type=parse_mirror,
        metavar="NAME=DIR",
        help="a folder that stands for the declared base org/name",
    )
    parser.add_argument(
        "--signer",
        action="append",
        default=[],
        metavar="KEY",
        help="who may have signed model.sig (OpenSSF Model Signing): a public key or "
        "certificate (its own, or of its authority) as PEM, or "
        "'identity=NAME issuer=URL' of Sigstore; needs the extra sign",
    )
    parser.add_argument(
        "--behaviour",
        action="store_true",
        help="also run the models on texts that ship, as context, never a verdict: do they go on "
        "alike, do they see alike; reads all weights; needs the extra behaviour",
    )
    parser.add_argument(
        "--endpoint",
        default="",
        type=parse_endpoint,
        metavar="URL#MODEL",
        help="hold a model behind an API (OpenAI's completions) against SUBJECT, by what both go "
        "on with: https://host/v1#model; its key is taken from HUBCHECK_ENDPOINT_KEY=HOST=KEY",
    )
    parser.add_argument(
        "--policy",
        default="",
        metavar="FILE",
        help="a policy file as the Action takes it: says what is not given here, and which bases "
        "are accepted",
    )


def options_of(arguments: argparse.Namespace) -> Options:
    """Return what a parsed command line asks for."""
    return Options(
        subject=arguments.subject,
        bases=tuple(arguments.base),
        suspects=tuple(arguments.suspect),
        catalogue=arguments.catalogue,
        depth=None if arguments.depth is None else Depth(arguments.depth),
        max_read=arguments.max_read,
        seed=arguments.seed,
        fail_on=arguments.fail_on,
        mirrors=tuple(arguments.mirror),
        policy_file=arguments.policy,
        signers=tuple(arguments.signer),
        behaviour=arguments.behaviour,
        endpoint=arguments.endpoint,
    )


def command_of(options: Options) -> list[str]:
    """Return the words of the command that asks for a check, without the program's name."""
    named = how(options)
    # A name that begins with a dash comes last, behind the mark that ends the options.
    dashed = options.subject.startswith("-")
    return ["check", *named, "--", options.subject] if dashed else [
        "check", options.subject, *named
    ]  # fmt: skip


def how(options: Options) -> list[str]:
    """Return the words that say how a check is made, whatever the model."""
    words: list[str] = []
    for base in options.bases:
        words += _option("--base", base)
    for suspect in options.suspects:
        words += _option("--suspect", suspect)
    if options.catalogue:
        words += _option("--catalogue", options.catalogue)
    for name, folder in options.mirrors:
        words += _option("--mirror", f"{name}={folder}")
    for signer in options.signers:
        words += _option("--signer", signer)
    if options.behaviour:
        words += ["--behaviour"]
    if options.endpoint:
        words += _option("--endpoint", options.endpoint)
    if options.depth is not None:
        words += ["--depth", options.depth.value]
    if options.max_read is not None:
        words += ["--max-read", str(options.max_read)]
    # What nobody has to say is left out; a policy file may say something else.
    usual = options.fail_on == FAIL_ON and not options.policy_file
    if options.fail_on is not None and not usual:
        words += _option("--fail-on", options.fail_on)
    if options.policy_file:
        words += _option("--policy", options.policy_file)
    if options.seed is not None:
        words += ["--seed", str(options.seed)]
    return words


def line_of(options: Options) -> str:
    """Return the command that repeats a check, quoted for a shell."""
    return shlex.join(["hubcheck", *command_of(options)])


def comparison_line(a: str, b: str, options: Options) -> str:
    """Return the command that repeats a comparison of two models, quoted for a shell."""
    aside = replace(
        options,
        bases=(),
        suspects=(),
        catalogue="",
        mirrors=(),
        signers=(),
        behaviour=False,
        endpoint="",
    )
    named = how(replace(aside, fail_on=None, policy_file=""))
    dashed = a.startswith("-") or b.startswith("-")
    words = [*named, "--", a, b] if dashed else [a, b, *named]
    return shlex.join(["hubcheck", "compare", *words])


class NotACheckError(ValueError):
    """A line is not the command of a check, or asks for more than a check."""


def read_line(line: str) -> Options:
    """Return what a printed command asks for.

    Args:
        line: From a report; hostile.

    Raises:
        NotACheckError: it is not a check, or it has options that say more than which check.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        message = "no command"
        raise NotACheckError(message) from error
    if words[:2] != ["hubcheck", "check"]:
        message = "not a hubcheck check"
        raise NotACheckError(message)
    parser = _Reading(prog="hubcheck check", add_help=False, allow_abbrev=False)
    add_options(parser)
    return options_of(parser.parse_args(words[2:]))


class _Reading(argparse.ArgumentParser):
    """A parser of other people's text: it never prints and never ends the process."""

    def error(self, message: str) -> NoReturn:
        """Refuse; see ``argparse.ArgumentParser``."""
        raise NotACheckError(message)


def _option(name: str, value: str) -> Sequence[str]:
    # A value that begins with a dash would be taken for an option of its own.
    return [f"{name}={value}"] if value.startswith("-") else [name, value]
