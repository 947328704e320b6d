"""What does ``hubcheck catalogue`` do: build, add, query, publish, show?

The commands and their options; each is carried out by a module beside this one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from hubcheck.errors import ExitCode
from hubcheck.request.options import REF_HELP

QUERY: Final = "author=ORG,filter=TAG,limit=N"


def add_catalogue(commands: Any) -> None:
    """Add the command and its own commands to a parser's commands."""
    catalogue = commands.add_parser(
        "catalogue",
        help="which published model is this? build, ask and share an index of sketches",
        description="A sketch is 1,088 bytes of a model. A catalogue of them proposes where a "
        "model comes from; whether it does is for `hubcheck check --suspect catalogue` to test.",
        epilog="Examples:\n  hubcheck catalogue query ./my-model\n"
        "  hubcheck catalogue build --hub-query author=my-org --out catalogue\n"
        "  hubcheck check ./my-model --suspect catalogue --catalogue catalogue",
    )
    actions = catalogue.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_build(actions)
    _add_add(actions)
    _add_query(actions)
    _add_publish(actions)
    _add_show(actions)
    catalogue.set_defaults(run=run_catalogue)


def _add_build(actions: Any) -> None:
    build = actions.add_parser("build", help="sketch many models; goes on where it was stopped")
    build.add_argument("list", nargs="?", type=Path, metavar="LIST",
                       help="a file with a model a line: org/name, org/name@revision or a folder; "
                       "# begins a comment")  # fmt: skip
    build.add_argument("--hub-query", default="", metavar=QUERY,
                       help="every public model that the Hub lists under these")  # fmt: skip
    build.add_argument("--out", type=Path, required=True, metavar="DIR", help="the catalogue")
    build.add_argument("--workers", type=int, default=0, metavar="N",
                       help="processes on Ray Data (needs the extra catalogue); default 0: one "
                       "model after another, without Ray")  # fmt: skip
    build.add_argument("--address", default="", metavar="ADDRESS",
                       help="of a Ray cluster; default: this machine")  # fmt: skip
    _add_closed(build)


def _add_add(actions: Any) -> None:
    add = actions.add_parser("add", help="add one model")
    add.add_argument("model", metavar="MODEL", help="org/name, org/name@revision or a folder")
    add.add_argument("--to", type=Path, required=True, metavar="DIR", help="the catalogue")
    _add_closed(add)


def _add_closed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--closed",
        action="store_true",
        help="also models that only your token opens, private or gated; without it no token is "
        "sent, and publish leaves them out unless it is asked for them, too",
    )


def _add_query(actions: Any) -> None:
    query = actions.add_parser(
        "query", help="which models is this one nearest to?", description=REF_HELP
    )
    query.add_argument("model", metavar="MODEL", help="a REF, see above")
    query.add_argument("--catalogue", default="", metavar="PLACE",
                       help="a folder, or org/name of a data set on the Hub; default: the "
                       "catalogue of the demo's models that ships")  # fmt: skip
    query.add_argument("--offline", action="store_true",
                       help="ask no server: model and catalogue are folders here")  # fmt: skip
    query.add_argument("--json", action="store_true", help="print JSON instead of the table")


def _add_publish(actions: Any) -> None:
    publish = actions.add_parser("publish", help="copy a catalogue to a data set or a folder")
    publish.add_argument("catalogue", type=Path, metavar="DIR", help="the catalogue")
    publish.add_argument("--to", required=True, metavar="PLACE",
                         help="org/name of a data set on the Hub, or a folder")  # fmt: skip
    publish.add_argument("--closed", action="store_true",
                         help="also models that only a token opens")  # fmt: skip
    publish.add_argument("--dry-run", action="store_true", help="say what would be written")


def _add_show(actions: Any) -> None:
    show = actions.add_parser("show", help="what does a catalogue hold, and what failed?")
    show.add_argument("catalogue", nargs="?", default="", metavar="PLACE",
                      help="a folder or a data set; default: the one that ships")  # fmt: skip
    show.add_argument("--model", default="", metavar="NAME", help="one model of it")
    show.add_argument("--json", action="store_true", help="print JSON instead")


def run_catalogue(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck catalogue``."""
    return _action(arguments.action)(arguments)


def _action(name: str) -> Callable[[argparse.Namespace], ExitCode]:
    # Imported late: what builds a catalogue is nothing that --help needs.
    if name in {"build", "add"}:
        from hubcheck.cli import catalogue_build

        return {"build": catalogue_build.run_build, "add": catalogue_build.run_add}[name]
    from hubcheck.cli import catalogue_read

    actions = {
        "query": catalogue_read.run_query,
        "publish": catalogue_read.run_publish,
        "show": catalogue_read.run_show,
    }
    return actions[name]
