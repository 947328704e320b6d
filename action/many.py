"""How are several models checked in one job and answered in one comment?

Each is checked by itself, as if it were alone; one that cannot be checked takes nothing from the
others. The worst result is the job's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from action import commands, results
from action.results import Result
from action.scene import Scene
from hubcheck.errors import ExitCode, HubcheckError, InternalFaultError, printable
from hubcheck.publish.github.answer import Mode
from hubcheck.publish.github.many import Entry, many_body, many_page, state_of_many
from hubcheck.publish.github.state import State
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.verdict.gate import Gate, GateState, named

ORDER: Final = (GateState.FAILURE, GateState.ERROR, GateState.SUCCESS)
"""The worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of one of several models."""

    model: str
    code: ExitCode
    result: Result | None = None
    error: HubcheckError | None = None

    @property
    def state(self) -> GateState:
        """What a gate says of it."""
        return GateState.ERROR if self.result is None else self.result.gate.state

    @property
    def entry(self) -> Entry:
        """The same for the comment."""
        return Entry(
            model=self.model,
            report=None if self.result is None else self.result.report,
            state=self.state,
            failure="" if self.error is None else self.error.what,
            note=() if self.result is None else self.result.note,
        )


def for_model(scene: Scene, name: str) -> Scene:
    """Return the run as if it were about one model."""
    return replace(scene, settings=replace(scene.settings, models=(name,)))


def run_each(
    scene: Scene, names: Sequence[str], check: Callable[[Scene], tuple[Result, ExitCode]]
) -> tuple[Ran, ...]:
    """Check every model; what ends one is kept with it."""
    ran = []
    for name in names:
        scene.log(f"checking {printable(name)}")
        try:
            result, code = check(for_model(scene, name))
        except HubcheckError as error:
            commands.annotate(
                "error", str(error), title=f"hubcheck could not check {printable(name)}",
                write=scene.write,
            )  # fmt: skip
            ended = ExitCode.USAGE if error.exit_code is ExitCode.OK else error.exit_code
            ran.append(Ran(model=name, code=ended, error=error))
        except Exception as error:  # noqa: BLE001 - the others are checked all the same
            fault = InternalFaultError.of(error)
            scene.warning(f"a fault of hubcheck, please report it: {fault.what} ({fault.path})")
            ran.append(Ran(model=name, code=ExitCode.INTERNAL, error=fault))
        else:
            ran.append(Ran(model=name, code=code, result=result))
    return tuple(ran)


def code_of(ran: Sequence[Ran]) -> ExitCode:
    """Return how the job ends: what was found fails first, then the gravest trouble."""
    codes = {one.code for one in ran}
    return ExitCode.POLICY_FAILED if ExitCode.POLICY_FAILED in codes else max(codes)


def gate_of(ran: Sequence[Ran]) -> Gate:
    """Return what a gate says of all of them together."""
    state = next(s for s in ORDER if any(one.state is s for one in ran))
    of_it = [one.model for one in ran if one.state is state]
    shown, more = named([] if state is GateState.SUCCESS else of_it, limit=30)
    said = phrase(PhraseCode.GATE_MODELS, of_it=len(of_it), models=len(ran), named=shown, more=more)
    return Gate(state=state, said=said)


def write_all(scene: Scene, ran: Sequence[Ran]) -> None:
    """Log, files, summary, annotations and outputs, of all of them."""
    folder = results.free_folder(scene.runner.workspace)
    paths: dict[str, str] = {}
    for number, one in enumerate(ran):
        if one.result is None:
            continue
        scene.log(f"{printable(one.model)}:")
        results.write_log(scene, one.result.report)
        results.write_annotation(scene, one.result, one.code)
        written = results.write_files(scene, one.result, folder / slug(one.model, number))
        paths = written | paths  # the first model's are the job's
    write_summary(scene, ran)
    worst = worst_of(ran)
    values = {} if worst is None else results.outputs_of(worst)
    results.set_outputs(scene, {**values, **paths, "status": gate_of(ran).state.value})


def write_summary(scene: Scene, ran: Sequence[Ran]) -> None:
    """Write the job summary: what the comment says."""
    links = scene.links(next((o.result.commit for o in ran if o.result is not None), ""))
    results.summarise(scene, many_page([one.entry for one in ran], links=links))


def worst_of(ran: Sequence[Ran]) -> Result | None:
    """Return the result that the outputs speak of: the first of the worst state."""
    made = [one for one in ran if one.result is not None]
    made.sort(key=lambda one: ORDER.index(one.state))
    return made[0].result if made else None


def write_comment(scene: Scene, ran: Sequence[Ran], number: int, commit: str) -> str:
    """Bring the one comment about all of them up to date and return its address."""
    if scene.settings.comment is Mode.OFF:
        return ""
    entries = [one.entry for one in ran]
    state = state_of_many(entries, commit=commit, run=scene.runner.run_id)
    links = scene.links(commit)

    def body(comment_id: str, before: State | None, limit: int) -> str:
        return many_body(
            entries, comment_id=comment_id, state=state, before=before, links=links, limit=limit
        )

    return results.put_comment(scene, state, number, commit, body)


def slug(name: str, number: int) -> str:
    """Return a folder's name for a model's files: plain, and another for each model."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name)
    return f"{number + 1:02d}-{plain.strip('.-')[:60] or 'model'}"
