"""What does ``hubcheck completion`` do: which words complete a command in a shell?

A static script, made of the parser, printed once and kept by the shell: nothing of hubcheck runs
while somebody types.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, Final

from hubcheck.cli.terminal import say
from hubcheck.errors import ExitCode
from hubcheck.frozen import frozen

_USED: Final = "complete -o default -F _hubcheck hubcheck\n"
SHELLS: Final = ("bash", "zsh", "fish")
INSTALL: Final = """\
Install it:
  hubcheck completion bash > ~/.local/share/bash-completion/completions/hubcheck
  hubcheck completion zsh > "${fpath[1]}/_hubcheck"
  hubcheck completion fish > ~/.config/fish/completions/hubcheck.fish"""


@frozen
class Words:
    """What can stand behind one command."""

    path: str
    """``check``, ``webhook create``; empty for hubcheck itself."""
    following: tuple[str, ...]
    """Options and further commands."""
    choices: tuple[tuple[str, tuple[str, ...]], ...]
    """An option, and the words that it takes."""


def add_completion(commands: Any) -> None:
    """Add the command to a parser's commands."""
    completion = commands.add_parser(
        "completion",
        help="print a script that completes commands in a shell",
        description="Print a script for a shell, once; nothing of hubcheck runs while you type.",
        epilog=INSTALL,
    )
    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    completion.set_defaults(run=run_completion)


def run_completion(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck completion``; the parser of every command comes with the arguments."""
    say(script(arguments.shell, tuple(words_of(arguments.every_command))))
    return ExitCode.OK


def words_of(parser: argparse.ArgumentParser, path: str = "") -> Iterator[Words]:
    """Yield what can stand behind a command, and behind each of its own commands."""
    words: list[str] = []
    choices: list[tuple[str, tuple[str, ...]]] = []
    below: list[tuple[str, argparse.ArgumentParser]] = []
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - see above
            words += list(action.choices)
            below += list(action.choices.items())
        elif action.option_strings:
            words += [name for name in action.option_strings if name.startswith("--")]
            if action.choices:
                choices.append((action.option_strings[-1], tuple(map(str, action.choices))))
        elif action.choices:
            words += list(map(str, action.choices))
    yield Words(path=path, following=tuple(words), choices=tuple(choices))
    for name, command in below:
        yield from words_of(command, f"{path} {name}".strip())


def script(shell: str, every: tuple[Words, ...]) -> str:
    """Return the script for a shell."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](every)


def _bash(every: tuple[Words, ...]) -> str:
    return f"# bash completion of hubcheck\n{_function(every)}{_USED}"


def _zsh(every: tuple[Words, ...]) -> str:
    # zsh runs the function of bash, and falls back to its files as bash does.
    return (
        f"#compdef hubcheck\nautoload -U +X bashcompinit && bashcompinit\n{_function(every)}{_USED}"
    )


def _function(every: tuple[Words, ...]) -> str:
    """Return a function that fits both: where are we, and which words can follow?"""
    paths = " ".join(f'"{w.path}"' for w in every if w.path)
    lines = [
        "_hubcheck() {",
        '  local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"',
        '  local command="" word tried known',
        '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
        '    tried="${command:+$command }$word"',
        f"    for known in {paths}; do",
        '      [ "$known" = "$tried" ] && command="$tried"',
        "    done",
        "  done",
        "  local words",
        '  case "$command $before" in',
    ]
    for one in every:
        for option, values in one.choices:
            lines.append(f'    "{one.path} {option}") words="{" ".join(values)}" ;;')
    lines += ['    *) case "$command" in']
    lines += [f'      "{one.path}") words="{" ".join(one.following)}" ;;' for one in every]
    lines += [
        "    esac ;;",
        "  esac",
        '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
        "}",
        "",
    ]
    return "\n".join(lines)


def _fish(every: tuple[Words, ...]) -> str:
    lines = ["# fish completion of hubcheck"]
    for one in every:
        seen = [f"__fish_seen_subcommand_from {part}" for part in one.path.split()]
        when = "; and ".join(seen) if seen else "__fish_use_subcommand"
        known = dict(one.choices)
        for word in one.following:
            if not word.startswith("--"):
                lines.append(f"complete -c hubcheck -n '{when}' -f -a {word}")
            elif values := " ".join(known.get(word, ())):
                lines.append(f"complete -c hubcheck -n '{when}' -l {word[2:]} -x -a '{values}'")
            else:
                lines.append(f"complete -c hubcheck -n '{when}' -l {word[2:]}")
    return "\n".join(lines) + "\n"
