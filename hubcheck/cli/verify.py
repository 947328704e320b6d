"""What does ``hubcheck verify`` do?"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubcheck.cli.terminal import say
from hubcheck.errors import ExitCode, UsageError, printable

if TYPE_CHECKING:
    from hubcheck.cli.verified import Verified
    from hubcheck.signed.envelope import Envelope


def add_verify(commands: Any) -> None:
    """Add the command to a parser's commands."""
    verify = commands.add_parser(
        "verify",
        help="hold a signed statement against the weights at hand",
        description="Ask of a statement that `hubcheck export --format in-toto` wrote: who signed "
        "it, whether the weights here are the ones it is about, and what it claims. Exit code 0 "
        "only where everything that was asked holds.",
        epilog="Examples:\n"
        "  hubcheck verify statement.dsse.json ./model --key key.pub\n"
        "  hubcheck verify bundle.json org/model --identity "
        "https://github.com/org/repo/.github/workflows/check.yml@refs/heads/main\n"
        "  hubcheck verify statement.dsse.json org/model --key key.pub --report report.json "
        "--replay",
    )
    verify.add_argument(
        "statement", type=Path, metavar="STATEMENT", help="a DSSE envelope, or a Sigstore bundle"
    )
    verify.add_argument("model", metavar="MODEL", help="the weights at hand: a REF as for check")
    who = verify.add_mutually_exclusive_group(required=True)
    who.add_argument(
        "--key", type=Path, metavar="FILE", help="a public key as PEM that must have signed it"
    )
    who.add_argument(
        "--identity", metavar="NAME", help="the Sigstore identity that must have signed it"
    )
    who.add_argument(
        "--unsigned",
        action="store_true",
        help="ask nothing of the signature: anyone can have written the statement",
    )
    verify.add_argument(
        "--issuer",
        metavar="URL",
        default="https://token.actions.githubusercontent.com",
        help="who vouches for the identity; default: GitHub Actions",
    )
    verify.add_argument(
        "--trusted-root",
        type=Path,
        metavar="FILE",
        help="with --identity: trust this in place of the public Sigstore, and ask nobody; for "
        "private repositories of GitHub: gh attestation trusted-root",
    )
    verify.add_argument(
        "--report",
        type=Path,
        metavar="REPORT",
        help="the report.json behind it: the statement must be what this report makes",
    )
    verify.add_argument(
        "--replay",
        action="store_true",
        help="with --report: make the check again from the pinned commits; it must agree",
    )
    verify.add_argument(
        "--passed", action="store_true", help="a statement that says WARNED fails as well"
    )
    verify.add_argument("--json", action="store_true", help="print the answers as JSON")
    verify.set_defaults(run=run_verify)


def run_verify(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck verify``."""
    from hubcheck.cli.process import hub_token
    from hubcheck.cli.sign import document_bytes
    from hubcheck.cli.verified import Answer, covered_of, digests_of, predicate_of, result_of
    from hubcheck.model import open_model
    from hubcheck.report.words import Depth
    from hubcheck.request.access import access_of
    from hubcheck.request.interface import budget_of
    from hubcheck.signed.envelope import read_envelope
    from hubcheck.signed.statement import read_statement
    from hubcheck.source.reference import parse_reference

    if arguments.replay and arguments.report is None:
        raise UsageError(
            "--replay has no report to make again.",
            cause="a statement names its report by digest only.",
            next_step="give the report.json behind it by --report.",
        )
    shown = f"'{printable(arguments.statement)}'"
    raw = document_bytes(arguments.statement)
    envelope = read_envelope(raw, shown)
    signature, payload = _signature(arguments, envelope, raw, shown)
    claimed = read_statement(payload, f"the statement in {shown}")
    reference = parse_reference(arguments.model)
    access = access_of(budget_of(Depth.HEADERS, None), os.environ, hub_token)
    model = open_model(reference, access)
    answers = [signature, predicate_of(claimed), digests_of(claimed, model)]
    answers += [
        covered_of(claimed, model),
        result_of(claimed, needs_passed=arguments.passed),
        *_of_report(arguments, claimed),
    ]
    if arguments.json:
        told = [{"asked": a.asked, "answer": a.answer, "says": a.says} for a in answers]
        say(f"{json.dumps({'model': str(model.pin), 'answers': told}, indent=2)}\n")
    else:
        say("".join(f"{a.answer}: {a.asked}: {a.says}\n" for a in answers))
    failed = any(a.answer is Answer.FAILS for a in answers)
    return ExitCode.POLICY_FAILED if failed else ExitCode.OK


def _signature(
    arguments: argparse.Namespace, envelope: Envelope, raw: bytes, shown: str
) -> tuple[Verified, bytes]:
    """Return who signed, and the payload that was signed."""
    from hubcheck.cli.verified import Asked, fails, holds, not_asked
    from hubcheck.signed.identity import verified_payload
    from hubcheck.signed.keys import is_signed_by, key_name, public_key, read_key

    if arguments.unsigned:
        says = "anyone can have written this statement (--unsigned)"
        return not_asked(Asked.SIGNATURE, says), envelope.payload
    if not envelope.signatures:
        return fails(Asked.SIGNATURE, "nobody signed it"), envelope.payload
    if arguments.key is not None:
        key = public_key(read_key(arguments.key), f"'{printable(arguments.key)}'")
        name = key_name(key)[:16]
        if is_signed_by(envelope, key):
            return holds(Asked.SIGNATURE, f"signed with key {name}"), envelope.payload
        return fails(Asked.SIGNATURE, f"not signed with key {name}"), envelope.payload
    if not envelope.in_bundle:
        says = "it was signed with a key, and no identity stands beside it"
        return fails(Asked.SIGNATURE, says), envelope.payload
    payload = verified_payload(
        raw,
        identity=arguments.identity,
        issuer=arguments.issuer,
        trusted_root=arguments.trusted_root,
        what=shown,
    )
    who = f"{printable(arguments.identity)}, by {printable(arguments.issuer)}"
    if payload is None:
        return fails(Asked.SIGNATURE, f"not signed as {who}"), envelope.payload
    return holds(Asked.SIGNATURE, f"signed as {who}"), payload


def _of_report(arguments: argparse.Namespace, claimed: Any) -> list[Verified]:
    """Return whether the report behind a statement makes it, and whether a replay agrees."""
    from hubcheck.cli.replay_report import replay
    from hubcheck.cli.verified import Asked, fails, holds, not_asked, report_of
    from hubcheck.report.load import load_report

    if arguments.report is None:
        return [
            not_asked(Asked.REPORT, "name the report behind it by --report"),
            not_asked(Asked.REPLAY, "the check was not made again"),
        ]
    report = load_report(arguments.report)
    found = [report_of(claimed, report, arguments.report.read_bytes())]
    if not arguments.replay:
        return [*found, not_asked(Asked.REPLAY, "the check was not made again (--replay)")]
    outcome = replay(report, arguments.report, given_root=None)
    if outcome is None or outcome.exit_code is not ExitCode.OK:
        said = [printable(d.path) for d in outcome.differing] if outcome else []
        what = f"differs in {', '.join(said[:3])}" if said else "cannot be made again"
        return [*found, fails(Asked.REPLAY, f"made again, the report {what}")]
    left = len(outcome.unverified)
    rest = f"; {left} fields could not be verified" if left else ""
    return [*found, holds(Asked.REPLAY, f"made again, the whole report agrees{rest}")]
