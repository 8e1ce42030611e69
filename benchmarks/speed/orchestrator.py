"""What does the orchestrator add to one call of ONNX Runtime? Each layer in turns, one row.

    bare          `session.run` alone
    predictor     with the arrays by name
    checked       and the answer checked: rows, NaN, infinity
    champion      all of it: live set, breaker, deadline, latency, who answered
    observed      and an observer told of it
    canary        a slot with a challenger: hash of the learner, guardrail, comparison
    fallback      the champion's breaker is open, the one before answers

Then: questions that come within one tick of the event loop, run together or each alone; thread CPU
time per question.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from report import Report
from timing import Samples, timed

from learnloop.api.predict import settled
from learnloop.core.arrays import Arrays
from learnloop.core.artifact import Artifact, TensorSpec
from learnloop.core.types import Ref
from learnloop.models import runtime
from learnloop.serving.live_set import LiveSet, SlotPlan
from learnloop.serving.loading import Source, build
from learnloop.serving.orchestrator import ModelOrchestrator

Widths = tuple[int, ...]

UNIT = "us"
SLOT = "net"
ASKED_US = 100.0
ONE, TWO = Ref(SLOT, "1"), Ref(SLOT, "2")
SMALL, LARGE = (18, 64, 32, 16, 5), (236, 512, 256, 1)
TOGETHER = (1, 2, 4, 8, 32)
PROTOCOL = [
    "layers: one row of 18 numbers into a net of 18-64-32-16-5 units",
    "each call timed alone, in rounds that alternate between the layers; one thread",
    f"asked: champion at most {ASKED_US:.0f} us above bare",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--calls", type=int, default=300, help="of each layer in a round")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    report = Report("speed/orchestrator", PROTOCOL)
    measure(report, args.rounds, args.calls)
    measure_ticks(report, args.rounds)
    report.finish(args.json)


def measure(report: Report, n_rounds: int, n_calls: int) -> None:
    """Add the table of layers."""
    table = report.table("One call, layer by layer")
    jobs = layers()
    samples = {what: Samples() for what in jobs}
    for _ in range(n_rounds):
        for what, call in jobs.items():
            samples[what].add(timed(call, [()] * n_calls))
    bare = samples["bare"].summary(UNIT)
    for what, sample in samples.items():
        figures = sample.summary(UNIT)
        table.add(
            layer=what,
            **figures,
            adds_min_us=figures["min_us"] - bare["min_us"],
            adds_median_us=figures["median_us"] - bare["median_us"],
        )


def layers() -> dict[str, Callable[[], object]]:
    """What is timed, by name."""
    serving = partial(orchestrator, SMALL)
    asked = {"x": np.ones((1, SMALL[0]), np.float32)}
    alone = SlotPlan(ONE, previous=TWO)
    plain, broken = serving(alone), serving(alone)
    version = plain.slot(SLOT).champion
    breaker = broken.slot(SLOT).champion.breaker
    while (ticket := breaker.enter()) != 0:
        breaker.failed(ticket)
    told: list[object] = []
    observed = serving(alone, observe=lambda served, inputs: told.append(None))
    canary = serving(SlotPlan(ONE, TWO, 0.0, previous=TWO))
    session = runtime.open_session(artifact(ONE, SMALL).file(runtime.MODEL_FILE), SLOT)
    return {
        "bare": partial(session.run, ["y"], asked),
        "predictor": partial(version.predictor.predict, asked),
        "checked": partial(version.call, asked),
        "champion": partial(plain.predict, SLOT, asked, key="ada"),
        "observed": partial(observed.predict, SLOT, asked, key="ada"),
        "canary": partial(canary.predict, SLOT, asked, key="ada"),
        "fallback": partial(broken.predict, SLOT, asked, key="ada"),
    }


def measure_ticks(report: Report, n_rounds: int) -> None:
    """Add the table of questions that come together."""
    table = report.table("Questions of one tick, CPU per question")
    for widths in (SMALL, LARGE):
        served = orchestrator(widths, SlotPlan(ONE), deadline_s=10.0)
        cost = served.slot(SLOT).champion.cost
        for n in TOGETHER:
            alone, together = asyncio.run(ticks(served, widths[0], n, n_rounds))
            table.add(
                net="-".join(map(str, widths)),
                one_row_us=cost.single_us,
                further_row_us=cost.row_us,
                together=n,
                alone_cpu_us=alone,
                gathered_cpu_us=together,
            )


async def ticks(
    served: ModelOrchestrator, width: int, n: int, n_rounds: int
) -> tuple[float, float]:
    """Median CPU time of the thread for a question, us: each alone, and gathered if that pays."""
    rng, slot = np.random.default_rng(1), served.slot(SLOT)
    asked = [{"x": rng.normal(size=(1, width)).astype(np.float32)} for _ in range(n)]
    taken: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(10 * n_rounds):
        for gathers, times in taken.items():
            gatherer = served.gatherer if gathers else None
            start = time.thread_time_ns()
            questions = [served.steps(slot, x, gatherer=gatherer) for x in asked]
            await asyncio.gather(*(settled(one) for one in questions))
            times.append((time.thread_time_ns() - start) / n / 1e3)
    return statistics.median(taken[False]), statistics.median(taken[True])


def orchestrator(widths: Widths, plan: SlotPlan, **kwargs: Any) -> ModelOrchestrator:
    """One that serves nets of these widths."""
    made = {ref: artifact(ref, widths) for ref in (ONE, TWO)}
    found = ModelOrchestrator(**kwargs)
    source = Source(made.__getitem__, runtime.load)
    found.swap(build(1, {SLOT: plan}, source, LiveSet(), made[ONE].manifest.created_at))
    return found


def artifact(ref: Ref, widths: Widths) -> Artifact:
    """A net with weights by chance."""
    rng = np.random.default_rng(int(ref.version))
    nodes, weights, last = [], [], "x"
    for k, (n, m) in enumerate(pairwise(widths)):
        weights.append(numpy_helper.from_array((rng.normal(size=(n, m)) / n).astype("f4"), f"w{k}"))
        end = "y" if k == len(widths) - 2 else f"h{k}"
        nodes.append(helper.make_node("MatMul", [last, f"w{k}"], [f"a{k}"]))
        nodes.append(helper.make_node("Softmax" if end == "y" else "Relu", [f"a{k}"], [end]))
        last = end
    row = [TensorProto.FLOAT, ["n", widths[0]]], [TensorProto.FLOAT, ["n", widths[-1]]]
    graph = helper.make_graph(
        nodes,
        SLOT,
        [helper.make_tensor_value_info("x", *row[0])],
        [helper.make_tensor_value_info("y", *row[1])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    data = model.SerializeToString()
    case: Arrays = {"x": rng.normal(size=(4, widths[0])).astype(np.float32)}
    (y,) = runtime.open_session(data, SLOT).run(["y"], dict(case))
    files = {
        runtime.MODEL_FILE: data,
        runtime.GOLDEN_FILE: runtime.golden_file([(case, {"y": y})]),
    }
    specs = {
        "inputs": (TensorSpec("x", "float32", (None, widths[0])),),
        "outputs": (TensorSpec("y", "float32", (None, widths[-1])),),
    }
    return Artifact.build(ref, "net", datetime(2026, 1, 1, tzinfo=UTC), files, **specs)


if __name__ == "__main__":
    main()
