"""How is a command line read, and how does it answer one that it cannot read?

As ``argparse`` does it, but for three things: an error shows the usage of the command that it is
about, and names what was probably meant; the lines of an example stay lines.
"""

from __future__ import annotations

import argparse
import difflib
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from hubcheck.errors import ExitCode, printable


class HelpText(argparse.HelpFormatter):
    """Help whose paragraphs are wrapped, and whose indented lines stay as they are."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        """Return an option's help, its default added where it has one and does not say it."""
        said = action.help
        shown = action.default is not None and action.default is not argparse.SUPPRESS
        if not said or not shown or action.default in ([], "", False) or "default" in said:
            return said
        return f"{said}; default {str(action.default).replace('%', '%%')}"

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        parts = text.strip("\n").split("\n\n")
        return "\n\n".join(_filled(part, width, indent) for part in parts)


def _filled(text: str, width: int, indent: str) -> str:
    lines = text.splitlines()
    if any(line.startswith("  ") for line in lines):
        return "\n".join(indent + line for line in lines)
    return textwrap.fill(" ".join(lines), width, initial_indent=indent, subsequent_indent=indent)


class Parser(argparse.ArgumentParser):
    """The parser of hubcheck, and of each of its commands."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Make a parser; see ``argparse.ArgumentParser``."""
        named.setdefault("formatter_class", HelpText)
        super().__init__(*arguments, **named)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return what was asked; what no command knows is an error of the command it was given."""
        found, rest = self.parse_known_args(args, namespace)
        if rest:
            asked = _asked(self, found)
            asked.error(_unknown(rest, asked))
        return found

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            what = "no command" if isinstance(action, argparse._SubParsersAction) else "none of"  # noqa: SLF001 - argparse has no public name for it
            end = "" if what == "no command" else f" {', '.join(known)}"
            message = f"{printable(value)!r} is {what}{end}{meant(str(value), known)}"
            raise argparse.ArgumentError(action, message)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, with the usage of this command; end with exit code 2."""
        usage = self.format_usage()
        self.exit(
            int(ExitCode.USAGE),
            f"{usage}{self.prog}: {message}\n  next: {self.prog} --help shows what can be asked.\n",
        )


def _asked(parser: argparse.ArgumentParser, found: argparse.Namespace) -> argparse.ArgumentParser:
    """Return the parser of the command that was given, its own commands included."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to its commands
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - see above
            chosen = action.choices.get(str(getattr(found, action.dest, "")))
            return parser if chosen is None else _asked(chosen, found)
    return parser


def _unknown(rest: Sequence[str], parser: argparse.ArgumentParser) -> str:
    known = parser._option_string_actions  # noqa: SLF001 - argparse has no public list of them
    first = rest[0]
    if not first.startswith("-"):
        return f"{printable(first)!r} is one argument too many"
    name = first.partition("=")[0]
    return f"there is no option {printable(name)}{meant(name, known)}"


def meant(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the word that was probably meant, or nothing."""
    bare = {
        one.lstrip("-"): one for one in known
    }  # dashes, which all options have, are no likeness
    near = difflib.get_close_matches(word.lstrip("-"), list(bare), n=1, cutoff=0.6)
    return f"; did you mean '{bare[near[0]]}'?" if near else ""
