"""What does ``hubcheck webhook`` do: create, list, delete, and run as a Job of the Hub's?

Secrets are named, never written: their values come from the environment, so that none of them
stands in a shell's history or in a list of processes.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from hubcheck.cli.serve import add_work, endpoint_of, work_of
from hubcheck.errors import ExitCode, UsageError, printable
from hubcheck.request.options import how

if TYPE_CHECKING:
    from huggingface_hub import HfApi, WebhookInfo

KINDS: Final = ("model", "org", "user")
PAYLOAD: Final = "WEBHOOK_PAYLOAD"
"""Where the Hub puts a delivery for a Job that it starts."""
JOB_SECONDS: Final = 1800
FLAVOR: Final = "cpu-basic"

T = TypeVar("T")


def add_webhook(commands: Any) -> None:
    """Add the command and its own commands to a parser's commands."""
    webhook = commands.add_parser("webhook", help="register, list and delete the Hub's webhooks")
    actions = webhook.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="watch a model or an organisation")
    create.add_argument("watched", metavar="NAME", help="org/model, or an organisation or user")
    create.add_argument("--kind", choices=KINDS, help="what NAME is; by default told by its slash")
    place = create.add_mutually_exclusive_group(required=True)
    place.add_argument("--url", metavar="URL", help="a receiver's address, ending in /webhook")
    place.add_argument("--job-image", metavar="IMAGE", help="start a Job with this image instead")
    create.add_argument("--secret-name", action="append", default=[], metavar="VARIABLE",
                        help="a variable to pass to the Job as a secret")  # fmt: skip
    create.add_argument("--flavor", default=FLAVOR, help=f"the Job's machine, default {FLAVOR}")
    create.add_argument("--job-seconds", type=int, default=JOB_SECONDS, metavar="N",
                        help=f"the Job's time limit, default {JOB_SECONDS}")  # fmt: skip
    create.add_argument("--namespace", metavar="NAME", help="who pays for the Job; default: you")
    create.add_argument("--dry-run", action="store_true", help="say what would be registered")
    add_work(create)
    listed = actions.add_parser("list", help="your webhooks")
    listed.add_argument("--json", action="store_true")
    delete = actions.add_parser("delete", help="remove one of your webhooks")
    delete.add_argument("id", metavar="ID")
    run = actions.add_parser("run", help=f"check what ${PAYLOAD} announces, once (inside a Job)")
    run.add_argument("--allow", action="append", default=[], metavar="PATTERN")
    add_work(run)
    webhook.set_defaults(run=run_webhook)


def run_webhook(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck webhook``."""
    actions = {"create": _create, "list": _list, "delete": _delete, "run": _run}
    return actions[arguments.action](arguments, os.environ)


def watched_item(name: str, kind: str | None) -> dict[str, str]:
    """Return what a webhook watches.

    Raises:
        UsageError: the name is not one of the Hub's.
    """
    from hubcheck.source.reference import is_repo_id

    found = kind or ("model" if "/" in name else "org")
    if not is_repo_id(name) or (found == "model") != ("/" in name):
        raise UsageError(
            f"'{printable(name)}' is not the name of a {found} on the Hub.",
            cause="a typing error, or --kind says something else.",
            next_step="write org/model, or the bare name of an organisation (--kind user for a "
            "user).",
        )
    return {"type": found, "name": name}


def _create(arguments: argparse.Namespace, environment: Mapping[str, str]) -> ExitCode:
    from hubcheck.serve.settings import read_secrets

    watched = watched_item(arguments.watched, arguments.kind)
    work_of(arguments)  # what a check would refuse is refused here
    name = f"{watched['type']} {watched['name']}"
    if arguments.url:
        if arguments.secret_name:
            what = "--secret-name goes with --job-image."
            raise UsageError(
                what, cause="a receiver has its own environment.", next_step="set them there."
            )
        url = _receiver(arguments.url)
        secret = read_secrets(environment).present
        if arguments.dry_run:
            print(f"hubcheck: would watch {name} and send its pushes to {url}")
            return ExitCode.OK
        made = _ask(
            environment,
            "Creating a webhook",
            lambda api: api.create_webhook(
                url=url, watched=[watched], domains=["repo"], secret=secret
            ),
        )
        print(f"hubcheck: webhook {made.id} watches {name} and sends its pushes to {url}")
        return ExitCode.OK
    return _create_job(arguments, environment, watched)


def _create_job(
    arguments: argparse.Namespace, environment: Mapping[str, str], watched: dict[str, str]
) -> ExitCode:
    secrets = _named(arguments.secret_name, environment)
    words = job_command(arguments, watched)
    name = f"{watched['type']} {watched['name']}"
    passed = ", ".join(sorted(secrets)) or "no secrets"
    if arguments.dry_run:
        print(f"hubcheck: would watch {name} and start {arguments.flavor} with "
              f"{printable(arguments.job_image)}: {' '.join(words)}")  # fmt: skip
        print(f"hubcheck: time limit {arguments.job_seconds} s, {passed}")
        return ExitCode.OK
    passed_on: dict[str, Any] = {"secrets": secrets} if secrets else {}
    if secrets:
        _check_client()
    job = _ask(
        environment,
        "Starting the template Job",
        lambda api: api.run_job(
            image=arguments.job_image,
            command=words,
            flavor=arguments.flavor,
            timeout=arguments.job_seconds,
            namespace=arguments.namespace,
        ),
    )
    made = _ask(
        environment,
        "Creating a webhook",
        lambda api: api.create_webhook(
            job_id=job.id,
            watched=[watched],
            domains=["repo"],
            **passed_on,
        ),
    )
    print(f"hubcheck: webhook {made.id} watches {name} and starts a Job like {job.id} "
          f"({arguments.flavor}, at most {arguments.job_seconds} s, {passed})")  # fmt: skip
    return ExitCode.OK


def _check_client() -> None:
    """Refuse a client that cannot pass secrets, before a Job is started for nothing."""
    import inspect

    import huggingface_hub

    if "secrets" not in inspect.signature(huggingface_hub.HfApi.create_webhook).parameters:
        raise UsageError(
            f"huggingface_hub {huggingface_hub.__version__} cannot give secrets to a webhook.",
            cause="--secret-name needs version 2 or later.",
            next_step="pip install 'huggingface_hub>=2'.",
        )


def job_command(arguments: argparse.Namespace, watched: Mapping[str, str]) -> list[str]:
    """Return the command of the Job: the options that were given, and what it may check."""
    pattern = watched["name"] if watched["type"] == "model" else f"{watched['name']}/*"
    words = ["hubcheck", "webhook", "run", "--allow", pattern, "--publish", arguments.publish]
    words += ["--create-pr"] if arguments.create_pr else []
    return [
        *words,
        *how(work_of(arguments).asks(pattern)),
        "--time-limit",
        str(arguments.time_limit),
    ]


def _list(arguments: argparse.Namespace, environment: Mapping[str, str]) -> ExitCode:
    found: list[WebhookInfo] = _ask(
        environment, "Listing webhooks", lambda api: api.list_webhooks()
    )
    rows = [
        {
            "id": hook.id,
            "watched": [f"{item.type} {item.name}" for item in hook.watched],
            "to": hook.url or f"Job {hook.job.docker_image if hook.job else ''}",
            "state": "disabled" if hook.disabled else "enabled",
        }
        for hook in found
    ]
    if arguments.json:
        import json

        print(json.dumps(rows, indent=2))
        return ExitCode.OK
    for row in rows:
        shown = (row["id"], row["state"], ", ".join(row["watched"]), row["to"])
        print("  ".join(printable(part, limit=200) for part in shown))
    if not rows:
        print("hubcheck: no webhooks")
    return ExitCode.OK


def _delete(arguments: argparse.Namespace, environment: Mapping[str, str]) -> ExitCode:
    if not arguments.id.isalnum():
        what = f"'{printable(arguments.id)}' is not the id of a webhook."
        raise UsageError(what, cause="a typing error.", next_step="see hubcheck webhook list.")
    _ask(environment, "Deleting a webhook", lambda api: api.delete_webhook(arguments.id))
    print(f"hubcheck: webhook {arguments.id} is deleted")
    return ExitCode.OK


def _run(arguments: argparse.Namespace, environment: Mapping[str, str]) -> ExitCode:
    """Check what one delivery announces, in this process's place."""
    from hubcheck.serve.one_delivery import carry_out_delivery
    from hubcheck.serve.settings import read_patterns

    plan, allowed = work_of(arguments), read_patterns(arguments.allow)
    body = environment.get(PAYLOAD, "")
    if not body:
        print(f"hubcheck: ${PAYLOAD} is empty: this is the template, and there is nothing to check")
        return ExitCode.OK
    whole = carry_out_delivery(
        body.encode("utf-8", "surrogatepass"),
        plan,
        allowed=allowed,
        endpoint=endpoint_of(environment),
        environment=environment,
        tell=lambda line: print(f"hubcheck: {line}"),
    )
    return ExitCode.OK if whole else ExitCode.UNREACHABLE


def _receiver(url: str) -> str:
    parts = urlsplit(url)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise UsageError(
            f"'{printable(url)}' is not an https address.",
            cause="the secret travels in a header, readable without encryption.",
            next_step="put the receiver behind https.",
        )
    if parts.username or parts.password or parts.path.rstrip("/") != "/webhook":
        raise UsageError(
            f"'{printable(parts.hostname or url)}{printable(parts.path)}' is not a receiver's "
            "address.",
            cause="hubcheck serve listens on /webhook, and takes its secret by a header.",
            next_step="write https://host/webhook.",
        )
    return url


def _named(names: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise UsageError(
            f"{printable(missing[0])} is not set.",
            cause="--secret-name takes the name of a variable, not a value.",
            next_step=f"export {printable(missing[0])}=... first.",
        )
    return {name: environment[name] for name in names}


def _ask(environment: Mapping[str, str], doing: str, ask: Callable[[HfApi], T]) -> T:
    from hubcheck.serve.account import ask_account

    return ask_account(environment, endpoint_of(environment), doing, ask)
