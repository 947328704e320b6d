"""Which model is checked, against which bases, under which policy?

An input outranks the policy file, the policy file outranks the defaults. A folder must lie in the
workspace; a model that an event from outside names must be on the policy file's list if it has one.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from action.event import OnHub
from action.inputs import AUTO
from action.scene import Scene
from hubcheck import __version__
from hubcheck.bases import chosen_bases, leaked_bases
from hubcheck.cli import parse_size
from hubcheck.commands import access_for, lfs_authorization, resources_of
from hubcheck.deeper import ESCALATION
from hubcheck.errors import UsageError, printable
from hubcheck.model import Model, open_model
from hubcheck.policy_file import DEFAULT_PATH, PolicyFile, read_policy_file
from hubcheck.publish.github.state import key_of
from hubcheck.request import (
    BaseRequest,
    Request,
    budget_of,
    files_searched,
    nothing_searched,
)
from hubcheck.source.kept_seed import SEED_BITS
from hubcheck.source.reference import (
    DEFAULT_REVISION,
    HubReference,
    LocalReference,
    Reference,
    name_of,
    parse_hub_reference,
)
from hubcheck.source.weight_files import weight_folders
from hubcheck.verdict.policy import NOTHING_COMPARED, parse_fail_on
from hubcheck.verdict.report import Policy

HERE: Final = "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is checked, and what its result means."""

    request: Request
    file: PolicyFile
    warn_only: bool
    folder: str
    """The model's folder in the workspace; empty for a model on the Hub."""
    needs_weights: bool = False
    """Whether the model was named, and nobody said what fails: then one without weights does."""


def read_policy(scene: Scene) -> PolicyFile:
    """Return the repository's policy; without a file at the default place, the defaults.

    Raises:
        UsageError: the file is bad, or another one was named and is not there.
    """
    name = scene.settings.config_file
    path = inside(scene.runner.workspace, name, what="config-file")
    if not path.exists() and name == DEFAULT_PATH:
        return PolicyFile()
    return read_policy_file(path, shown=name)


def task_of(scene: Scene, *, at: LocalReference | None = None) -> Task:
    """Return what this run checks.

    Args:
        scene: The run.
        at: Stands for the workspace's model: a commit read over the API.

    Raises:
        UsageError: an input, the policy file or the event names something that cannot be checked.
    """
    settings, file = scene.settings, read_policy(scene)
    name, revision = _named(scene, file)
    subject, folder = _subject(scene, name, revision, at)
    policy = Policy(fail_on=file.fail_on)
    if settings.fail_on is not None:
        policy = parse_fail_on(settings.fail_on)
    depth = settings.depth or file.depth
    bases = settings.bases or _of_file(scene, file.bases)
    suspects = (*settings.suspects, *_of_file(scene, file.suspects))
    auto = settings.suspects_auto or AUTO in file.suspects
    named = settings.max_read
    if named is None and "max_read" in file.model_fields_set:
        named = parse_size(file.max_read)
    max_read = budget_of(depth, named)
    seed = secrets.randbits(SEED_BITS)
    # The job's own token opens the Git LFS content of the checkout, on its own server only.
    authorise = partial(lfs_authorization, github_token=settings.github_token)
    access = replace(access_for(max_read), authorise=authorise)
    if settings.read_token:
        access = replace(access, token=settings.read_token)
    words = ["hubcheck", "check", name_of(subject)]
    words += [w for b in bases for w in ("--base", b)]
    words += [w for s in suspects for w in ("--suspect", s)]
    words += ["--depth", depth.value]
    words += [] if named is None else ["--max-read", str(max_read)]
    words += ["--seed", str(seed)]
    return Task(
        request=Request(
            subject=subject,
            bases=_rule(bases, suspects, auto=auto),
            searched=files_searched if auto else nothing_searched,
            depth=depth,
            seed=seed,
            policy=policy,
            access=access,
            replay=shlex.join(words),
            escalate_to=ESCALATION if named is None else 0,
            resources=resources_of(depth, None),
        ),
        file=file,
        warn_only=file.warn_only if settings.warn_only is None else settings.warn_only,
        folder=folder,
        needs_weights=_is_named(scene, file) and settings.fail_on is None
        and "fail_on" not in file.model_fields_set,
    )  # fmt: skip


def _is_named(scene: Scene, file: PolicyFile) -> bool:
    return bool(scene.settings.model or file.model) or isinstance(scene.event, OnHub)


def held_to_weights(task: Task, subject: Model) -> Task:
    """Return the task under the default policy: a model that was named and is not there fails."""
    there = subject.lies_in_folders or "" in weight_folders(f.path for f in subject.files)
    if not task.needs_weights or there:
        return task
    policy = Policy(fail_on=(*task.request.policy.fail_on, NOTHING_COMPARED))
    return replace(task, request=replace(task.request, policy=policy))


def inside(workspace: Path, name: str, *, what: str) -> Path:
    """Return a path of the workspace.

    Raises:
        UsageError: it leads out of it, by dots or by a link.
    """
    root = Path(os.path.realpath(workspace))
    path = Path(os.path.realpath(root / name))
    if path != root and not path.is_relative_to(root):
        raise UsageError(
            f"{what} names '{printable(name)}', which lies outside of the workspace.",
            cause="dots or a link in the repository lead out of it.",
            next_step="name a path inside the repository.",
        )
    return path


def result_key(task: Task, subject: Model, today: date) -> str:
    """Return a digest of all that the result depends on; empty where a digest is not known.

    Weights by their digest, the card by its lineage lines, the policy, the version. Not the bases'
    later commits: a comment names the ones that were compared.
    """
    request, said = task.request, subject.declaration
    lineage = [
        [[b.ref, b.revision] for b in (*said.bases, *said.leaked)],
        [said.relation, said.licence, said.licence_name],
    ]
    allowed = [
        [a.base, a.reason, a.expires is None or today <= a.expires] for a in task.file.allowances
    ]
    asked = [
        request.policy.fail_on,
        request.depth.value,
        request.access.max_read,
        # The seed is new in every run; everything before it is what the workflow asked for.
        request.replay.rpartition(" --seed ")[0],
        allowed,
    ]
    return key_of(__version__, subject.weights_digest, json.dumps(lineage), json.dumps(asked))


def unchanged_on_the_hub(scene: Scene, task: Task, subject: Model) -> str:
    """Return the commit before a Hub event if it has the same weights and lineage, else nothing."""
    event, reference = scene.event, task.request.subject
    if not isinstance(event, OnHub) or not event.before or not isinstance(reference, HubReference):
        return ""
    if reference.repo_id != event.repo:
        return ""
    earlier = open_model(replace(reference, revision=event.before), task.request.access)
    today = scene.now().date()
    now, before = result_key(task, subject, today), result_key(task, earlier, today)
    return event.before if now and now == before else ""


def model_name(scene: Scene) -> str:
    """Return the model's folder or name, as ``task_of`` takes it."""
    return _named(scene, read_policy(scene))[0]


def _named(scene: Scene, file: PolicyFile) -> tuple[str, str]:
    """Return the model's name and revision as the workflow, the event or the file names them."""
    event, settings = scene.event, scene.settings
    name, revision = settings.model, settings.revision
    if isinstance(event, OnHub):
        name = name or event.repo
        if name.partition(":")[0] == event.repo and not revision:  # the model, or a folder of it
            revision = event.after
        known = {one.casefold() for one in file.models}
        if known and name.casefold() not in known:
            raise UsageError(
                f"The event names '{printable(name)}', which is not among models of the policy "
                "file.",
                cause="the relay watches a model that this repository does not check.",
                next_step=f"add it to models in {scene.settings.config_file}.",
            )
    return name or file.model or HERE, revision


def _subject(
    scene: Scene, name: str, revision: str, at: LocalReference | None
) -> tuple[Reference, str]:
    if at is not None:
        return at, name
    path = inside(scene.runner.workspace, name, what="model")
    if path.exists():
        if revision:
            raise UsageError(
                f"The input revision is '{printable(revision)}', and '{printable(name)}' is a "
                "folder.",
                cause="a folder has no revisions: the checkout decides.",
                next_step="leave revision out, or name a model on the Hub.",
            )
        return LocalReference(path=path, typed=name), name
    try:
        hub = parse_hub_reference(name)
    except UsageError as error:
        raise UsageError(
            f"'{printable(name)}' is neither a folder of the workspace nor a model on the Hub.",
            cause="a typing error, or no checkout before this step.",
            next_step="name a folder of the repository, org/name, org/name:folder or"
            " org/name:Q4_K_M.",
        ) from error
    wanted = hub.asked or revision or DEFAULT_REVISION
    return parse_hub_reference(f"{name_of(hub)}@{wanted}"), ""


def _of_file(scene: Scene, names: Sequence[str]) -> tuple[str, ...]:
    """Return the policy file's names; one that is a path must lie in the workspace.

    A pull request may bring its own policy file: it must not point at the runner's disk.
    """
    for name in names:
        if name.startswith(("/", "~", ".")):
            inside(scene.runner.workspace, os.path.expanduser(name), what="the policy file")  # noqa: PTH111 - Path.expanduser raises for ~nobody
    return tuple(n for n in names if n not in {AUTO, "none"})


def _rule(
    bases: Sequence[str], suspects: Sequence[str], *, auto: bool
) -> Callable[[Model], Sequence[BaseRequest]]:
    chosen = chosen_bases(bases, suspects)

    def of(subject: Model) -> Sequence[BaseRequest]:
        requests = chosen(subject)
        return [*requests, *leaked_bases(subject, requests)] if auto else requests

    return of
