"""What does ``hubcheck export`` do?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from hubcheck.cli.document_out import leave
from hubcheck.errors import ExitCode

FORMATS: Final = ("cyclonedx", "in-toto", "spdx", "sarif", "junit", "csv", "eu-gpai")
"""As ``export.formats`` has them (tested); importing it would make ``--help`` slow."""


def add_export(commands: Any) -> None:
    """Add the command to a parser's commands."""
    export = commands.add_parser(
        "export",
        help="write a report as an ML-BOM, a statement, SARIF, JUnit, CSV or EU facts",
        description="Write a report in a format that pipelines read. Nothing is signed here.",
    )
    export.add_argument("report", type=Path, metavar="REPORT", help="report.json of a check")
    export.add_argument("--format", choices=FORMATS, required=True)
    export.add_argument(
        "--out", type=Path, metavar="FILE", help="write here; default: the terminal"
    )
    export.add_argument(
        "--model-path",
        default="",
        metavar="DIR",
        help="sarif: folder of the model in your repository; default: its top level",
    )
    export.set_defaults(run=run_export)


def run_export(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck export``."""
    from hubcheck.export.formats import export
    from hubcheck.report.load import load_report

    report = load_report(arguments.report)
    text = export(
        report,
        arguments.report.read_bytes(),
        arguments.format,
        model_path=arguments.model_path,
    )
    leave(text, arguments.out)
    return ExitCode.OK
