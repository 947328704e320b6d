"""What does ``hubcheck sign`` do?"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, Final

from hubcheck.cli.document_out import leave
from hubcheck.errors import ExitCode, UsageError, printable

PASSWORD: Final = "HUBCHECK_KEY_PASSWORD"  # noqa: S105 - the name of a variable, not a password


def add_sign(commands: Any) -> None:
    """Add the command to a parser's commands."""
    sign = commands.add_parser(
        "sign",
        help="sign a statement with a key, or as the CI job that runs",
        description="Sign what `hubcheck export --format in-toto` wrote: a DSSE envelope with a "
        "private key, or a Sigstore bundle in the name of the CI job. Who signs vouches for the "
        "statement; it does not become truer. Needs the extra `sign`.",
        epilog="Examples:\n  hubcheck sign statement.json --key key.pem --out statement.dsse.json\n"
        "  hubcheck sign statement.json --as-this-job --out statement.sigstore.json",
    )
    sign.add_argument("statement", type=Path, metavar="STATEMENT", help="an in-toto statement")
    how = sign.add_mutually_exclusive_group(required=True)
    how.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help=f"a private key as PEM, ECDSA or Ed25519; its password is read from {PASSWORD}",
    )
    how.add_argument(
        "--as-this-job",
        action="store_true",
        help="with Sigstore, by the identity of the CI job; needs `id-token: write` on GitHub",
    )
    sign.add_argument("--out", type=Path, metavar="FILE", help="write here; default: the terminal")
    sign.set_defaults(run=run_sign)


def run_sign(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck sign``."""
    from hubcheck.signed.envelope import read_envelope
    from hubcheck.signed.identity import signed_as_this_job
    from hubcheck.signed.keys import signed_with
    from hubcheck.signed.statement import read_statement

    shown = f"'{printable(arguments.statement)}'"
    payload = read_envelope(document_bytes(arguments.statement), shown)
    if payload.signatures:
        raise UsageError(
            f"{shown} is signed already.",
            cause="it is an envelope, not a statement.",
            next_step="sign what `hubcheck export --format in-toto` wrote.",
        )
    read_statement(payload.payload, shown)  # nobody vouches for what is no statement
    if arguments.as_this_job:
        text = signed_as_this_job(payload.payload)
    else:
        password = os.environ.get(PASSWORD)
        text = signed_with(
            payload.payload, arguments.key, password=password.encode() if password else None
        )
    leave(text, arguments.out)
    return ExitCode.OK


def document_bytes(path: Path) -> bytes:
    """Return the bytes of a document that was named, one more than is read of any at most.

    Raises:
        UsageError: it cannot be read.
    """
    from hubcheck.report.load import regular
    from hubcheck.signed.envelope import MAX_BYTES

    shown = f"'{printable(path)}'"
    if not regular(path):
        raise UsageError(
            f"{shown} cannot be read: it is no file.",
            cause="it is not there, or a pipe.",
            next_step="name the file of a statement.",
        )
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{shown} cannot be read: {error.strerror}.",
            cause="the file is not yours to read.",
            next_step="name the file of a statement.",
        ) from error
