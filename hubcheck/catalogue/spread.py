"""How is one function applied to many models: one after another, or as a map on Ray Data?

Ray starts by itself on this machine, without a set-up; with an address the same call runs on a
cluster. Results come back as they are finished, in any order. Nothing is reported to anybody: Ray's
own statistics of use are switched off.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from hubcheck.errors import UsageError, printable
from hubcheck.installation import Extra, adds

BATCH: Final = 2_000
"""Items handed over at a time: what waits in memory does not grow with the list."""
ITEMS_A_BLOCK: Final = 4
"""What is finished comes back after a few models, so that a kill costs a few models. A block costs
Ray some 10 ms, a model a second or more."""

HANDED_ON: Final = ("HF_ENDPOINT", "HF_HUB_OFFLINE", "NO_PROXY", "OMP_NUM_THREADS")

Work = Callable[[str], Any]
"""From one text to plain values; a module's function or a dataclass, so that it can be sent."""


def spread(
    work: Work, items: Sequence[str], *, workers: int = 0, address: str = ""
) -> Iterator[Any]:
    """Yield what ``work`` returns for each item, in any order.

    Args:
        work: Called in whatever process.
        items: Texts.
        workers: Processes on Ray; 0 and no address: here, one after another, without Ray.
        address: Of a Ray cluster; empty: this machine.

    Raises:
        UsageError: Ray is asked for and is not installed, or does not answer.
    """
    if not workers and not address:
        yield from map(work, items)
        return
    ray = _started(workers, address)
    try:
        for start in range(0, len(items), BATCH):
            yield from _on_ray(ray, work, items[start : start + BATCH], workers)
    finally:
        ray.shutdown()


def _on_ray(ray: Any, work: Work, items: Sequence[str], workers: int) -> Iterator[Any]:
    blocks = max(1, -(-len(items) // ITEMS_A_BLOCK))
    made = ray.data.from_items([{"item": i} for i in items], override_num_blocks=blocks)
    # One column of text: rows that differ in their fields make no common table.
    tasks = ray.data.TaskPoolStrategy(size=workers or None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's remarks on lists shorter than its pool
        for row in made.map(_Row(work), compute=tasks).iter_rows():
            yield json.loads(row["row"])


class _Row:
    """The same work on a row of a data set."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.__name__ = "hubcheck"

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"row": json.dumps(self._work(str(row["item"])))}


def handed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a cluster's workers must know of the environment here: which Hub is asked.

    They were started by somebody else. A token is never sent to them: each machine has its own.
    """
    return {name: environment[name] for name in HANDED_ON if environment.get(name)}


def _started(workers: int, address: str) -> Any:
    """Return Ray, started here or connected to."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_raylet_start_wait_time_s", "300")  # a busy machine takes its time
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UsageError(
            "Ray is not installed.",
            cause="--workers and --address spread the work with it; without them it is done here.",
            next_step=f"{adds(Extra.CATALOGUE)}, or leave --workers out.",
        ) from error
    try:
        if address:
            ray.init(
                address=address,
                runtime_env={"env_vars": handed_on(os.environ)},
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        else:
            ray.init(
                num_cpus=workers,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
    except Exception as error:  # Ray raises bare ones when its processes do not come up
        raise UsageError(
            f"Ray does not start: {printable(error, limit=300)}",
            cause="no cluster answers at the address, it asks for Ray's own token, or one that is "
            "running is in the way.",
            next_step="check --address, set RAY_AUTH_MODE=token where the cluster has a token, or "
            "leave --address out to work on this machine.",
        ) from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray
