"""Where does work that is many alike tasks run? Here, in processes, or on Ray: same numbers.

    with open_executor("local:4") as executor:
        results = executor.map(fit_fold, range(5), shared=data, label="fold")

A task is a small value; what all tasks need is `shared`, sent to each worker once. Chance comes
from `derive_rng` and what the task names, so a result depends neither on the number of workers nor
on who finishes first. Start with `tasks.py`; `local.py` and `on_ray.py` are the two places.
"""

import re

from learnloop.core.errors import InvalidInput
from learnloop.training.executor.local import LocalExecutor
from learnloop.training.executor.on_ray import RayExecutor
from learnloop.training.executor.tasks import Executor, TaskFailed

__all__ = ["Executor", "LocalExecutor", "RayExecutor", "TaskFailed", "open_executor"]

PLACES = re.compile(r"(?P<kind>local|ray)(:(?P<n>\d+))?|(?P<address>ray://.+|ray:auto)")


def open_executor(where: str = "local") -> Executor:
    """The executor of a setting or option.

    Args:
        where: `local` (this process), `local:N` (N processes), `ray` or `ray:N` (a cluster of this
            machine, with N processors, that ends with the executor), `ray://HOST:PORT` (a running
            cluster), or `ray:auto` (the cluster that this machine is part of).

    Raises:
        InvalidInput: It is none of these, or Ray is not installed.
    """
    place = PLACES.fullmatch(where)
    if place is None or place["n"] == "0":
        raise InvalidInput(
            f"executor: {where!r} is not local, local:N, ray, ray:N, ray://HOST:PORT or ray:auto",
            field="executor",
        )
    n = int(place["n"]) if place["n"] else None
    if place["kind"] == "local":
        return LocalExecutor(n or 1)
    return RayExecutor("auto" if where == "ray:auto" else place["address"], n)
