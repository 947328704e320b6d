"""Which model is checked, against which bases, under which policy?

An input outranks the policy file, the policy file outranks the defaults. A folder must lie in the
workspace; a model that an event from outside names must be on the policy file's list if it has one.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from action.event import OnHub
from action.inputs import listed
from action.policy import HERE, read_policy
from action.scene import Scene
from hubcheck import __version__
from hubcheck.candidates.documents import TOKENIZER_LIMIT, read_bytes
from hubcheck.candidates.front_matter import CARD_PATH
from hubcheck.candidates.read_files import is_read_file
from hubcheck.cli.launch import resources_for
from hubcheck.errors import UsageError, printable
from hubcheck.model import Model, open_model
from hubcheck.publish.github.state import key_of
from hubcheck.publish.hub.credentials import Role, credential
from hubcheck.report.words import Depth
from hubcheck.request.build import Means, build_request
from hubcheck.request.interface import Request
from hubcheck.request.name_list import with_listed
from hubcheck.request.options import CATALOGUE, FILES, Options, how, line_of
from hubcheck.request.policy_file import PolicyFile
from hubcheck.request.settled import check_places, inside, settled
from hubcheck.source.kept_seed import fresh_seed
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is checked, and what its result means."""

    options: Options
    """What is asked for, settled."""
    request: Request
    folder: str
    """The model's folder in the workspace; empty for a model on the Hub."""
    needs_weights: bool = False
    """Whether nobody said what fails: then a model without weights does, and a job that looked
    where none are."""


def task_of(scene: Scene, *, at: LocalReference | None = None) -> Task:
    """Return what this run checks.

    Args:
        scene: The run.
        at: Stands for the workspace's model: a commit read over the API.

    Raises:
        UsageError: an input, the policy file or the event names something that cannot be checked.
    """
    settings, file = scene.settings, read_policy(scene)
    check_places(file, scene.runner.workspace)
    name, revision = _named(scene, file)
    subject, typed, folder = _subject(scene, name, revision, at)
    options = settled(
        Options(
            subject=typed,
            bases=settings.bases,
            suspects=(
                *_suspects(scene, file),
                *((FILES,) if settings.suspects_auto else ()),
                *((CATALOGUE,) if settings.catalogue else ()),
            ),
            catalogue=settings.catalogue,
            depth=settings.depth,
            max_read=settings.max_read,
            fail_on=settings.fail_on,
            policy_file=settings.config_file,
        ),
        file,
        draw=fresh_seed,
    )
    if settings.warn_only is not None:
        file = file.model_copy(update={"warn_only": settings.warn_only})
    return Task(
        options=options,
        request=build_request(
            options, _means(scene, options.depth or file.depth), file=file, subject=subject
        ),
        folder=folder,
        needs_weights=settings.fail_on is None and "fail_on" not in file.model_fields_set,
    )


def _suspects(scene: Scene, file: PolicyFile) -> tuple[str, ...]:
    """Return the suspects that the workflow names, in an input or in a file of the repository.

    Raises:
        UsageError: the file is no list, names too many, or leads out of the workspace.
    """
    settings = scene.settings
    return with_listed(
        settings.suspects,
        [settings.suspects_file] if settings.suspects_file else [],
        root=scene.runner.workspace,
        also=file.suspects,
        confined=True,  # whoever may change the file need not be who wrote the workflow
    )


def hub_token() -> str | None:
    """Return the token of the environment that reads models on the Hub, if there is one."""
    return credential(Role.READ, os.environ).token


def _means(scene: Scene, depth: Depth) -> Means:
    settings = scene.settings
    return Means(
        environment=os.environ,
        find_token=hub_token,
        read_token=settings.read_token,
        # The job's own token opens the Git LFS content of the checkout, on its own server only.
        github_token=settings.github_token,
        root=scene.runner.workspace,
        only_public=not scene.runner.is_private,
        resources=resources_for(depth, os.environ, state=None, show=scene.log, terminal=False),
    )


def held_to_weights(task: Task, subject: Model) -> Task:
    """Return the task under the default policy: a check that found no weights fails."""
    there = subject.lies_in_folders or "" in weight_folders(f.path for f in subject.files)
    if not task.needs_weights or there:
        return task
    words = ",".join((*task.request.policy.fail_on, NOTHING_COMPARED))
    options = replace(task.options, fail_on=words)
    policy = parse_fail_on(words, task.request.policy.signers)
    request = replace(task.request, policy=policy, replay=line_of(options))
    return replace(task, options=options, request=request)


def result_key(task: Task, subject: Model, today: date) -> str:
    """Return a digest of all that the result depends on; empty where a digest is not known.

    Weights by their digest, every other file that is read (configs, tokenizers, indexes) by its
    bytes, the card by its lineage lines, the policy, the version. Not the bases' later commits: a
    comment names the ones that were compared.
    """
    request, said = task.request, subject.declaration
    lineage = [
        [[b.ref, b.revision] for b in (*said.bases, *said.leaked)],
        [said.relation, said.licence, said.licence_name],
    ]
    allowed = [[a.base, a.reason, a.expires is None or today <= a.expires] for a in request.allow]
    asked = [
        request.policy.fail_on,
        request.policy.signers,
        request.depth.value,
        request.access.max_read,
        sorted(request.access.spoken_of or ()),
        # The seed is new in every run; everything before it is what the workflow asked for.
        [name_of(request.subject), *how(replace(task.options, seed=None))],
        allowed,
    ]
    return key_of(
        __version__,
        subject.weights_digest,
        _documents(subject),
        json.dumps(lineage),
        json.dumps(asked),
    )


def _documents(subject: Model) -> str:
    """Return a digest of the files beside weights and card that a check reads; empty if unknown."""
    weights = {f.path for f in subject.weight_files}
    found = hashlib.sha256()
    for entry in sorted(subject.files, key=lambda f: f.path):
        name = entry.path.rpartition("/")[2]
        if entry.path in weights or name == CARD_PATH or not is_read_file(entry.path):
            continue
        digest = entry.digest
        if not digest:
            data = read_bytes(subject.source, entry.path, limit=TOKENIZER_LIMIT)
            if not isinstance(data, bytes):
                return ""
            digest = hashlib.sha256(data).hexdigest()
        found.update(f"{entry.path}\0{digest}\n".encode("utf-8", "surrogateescape"))
    return found.hexdigest()


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
    name, revision = next(iter(settings.models), ""), settings.revision
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
    return name or next(iter(listed(file.model)), "") or HERE, revision


def _subject(
    scene: Scene, name: str, revision: str, at: LocalReference | None
) -> tuple[Reference, str, str]:
    """Return the subject, how a command names it, and its folder; none for a model on the Hub."""
    if at is not None:
        return at, name, name
    path = inside(scene.runner.workspace, name, what="model")
    if path.exists():
        if revision:
            raise UsageError(
                f"The input revision is '{printable(revision)}', and '{printable(name)}' is a "
                "folder.",
                cause="a folder has no revisions: the checkout decides.",
                next_step="leave revision out, or name a model on the Hub.",
            )
        if Path(name).is_absolute():  # a card shows no path of the runner
            name = path.relative_to(os.path.realpath(scene.runner.workspace)).as_posix()
        return LocalReference(path=path, typed=name), name, name
    try:
        hub = parse_hub_reference(name)
    except UsageError as error:
        raise UsageError(
            f"'{printable(name)}' is neither a folder of the workspace nor a model on the Hub.",
            cause="a typing error, or no checkout before this step.",
            next_step="name a folder of the repository, org/name, org/name:folder or"
            " org/name:Q4_K_M.",
        ) from error
    wanted = f"{name_of(hub)}@{hub.asked or revision or DEFAULT_REVISION}"
    typed = wanted if hub.asked or revision else name_of(hub)
    return parse_hub_reference(wanted), typed, ""
