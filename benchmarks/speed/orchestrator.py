"""What does the orchestrator add to one call of ONNX Runtime? Each layer in turns, one row.

    bare          `session.run` alone
    predictor     with the arrays by name
    checked       and the answer checked: rows, NaN, infinity
    champion      all of it: live set, breaker, deadline, latency, who answered
    observed      and an observer told of it
    canary        a slot with a challenger: hash of the learner, guardrail, comparison
    fallback      the champion's breaker is open, the one before answers

The models are those of the tests: they cost next to nothing, so what stands here is what is added.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from report import Report
from timing import Samples, timed

from learnloop.core.arrays import Arrays
from learnloop.core.artifact import Artifact, TensorSpec
from learnloop.core.types import Ref
from learnloop.models import runtime
from learnloop.serving.live_set import LiveSet, SlotPlan
from learnloop.serving.loading import Source, build
from learnloop.serving.orchestrator import ModelOrchestrator

UNIT = "us"
WIDTH = 18
SLOT = "net"
ASKED_US = 100.0
ONE, TWO = Ref(SLOT, "1"), Ref(SLOT, "2")
HIDDEN = (64, 32, 16, 5)
PROTOCOL = [
    f"one row of {WIDTH} numbers into a net of {WIDTH}-{'-'.join(map(str, HIDDEN))} units",
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
    made = {ref: artifact(ref, seed) for seed, ref in enumerate((ONE, TWO))}
    source = Source(made.__getitem__, runtime.load)

    def serving(plan: SlotPlan, **kwargs: object) -> ModelOrchestrator:
        found = ModelOrchestrator(**kwargs)  # type: ignore[arg-type]
        found.swap(build(1, {SLOT: plan}, source, LiveSet(), made[ONE].manifest.created_at))
        return found

    asked = {"x": np.ones((1, WIDTH), np.float32)}
    alone = SlotPlan(ONE, previous=TWO)
    plain, broken = serving(alone), serving(alone)
    version = plain.slot(SLOT).champion
    breaker = broken.slot(SLOT).champion.breaker
    while (ticket := breaker.enter()) != 0:
        breaker.failed(ticket)
    told: list[object] = []
    observed = serving(alone, observe=lambda served, inputs: told.append(None))
    canary = serving(SlotPlan(ONE, TWO, 0.0, previous=TWO))
    session = runtime.open_session(made[ONE].file(runtime.MODEL_FILE), SLOT)
    return {
        "bare": partial(session.run, ["y"], asked),
        "predictor": partial(version.predictor.predict, asked),
        "checked": partial(version.call, asked),
        "champion": partial(plain.predict, SLOT, asked, key="ada"),
        "observed": partial(observed.predict, SLOT, asked, key="ada"),
        "canary": partial(canary.predict, SLOT, asked, key="ada"),
        "fallback": partial(broken.predict, SLOT, asked, key="ada"),
    }


def artifact(ref: Ref, seed: int) -> Artifact:
    """A net with weights by chance."""
    from datetime import UTC, datetime

    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(seed)
    nodes, weights, last = [], [], "x"
    for k, (n, m) in enumerate(zip((WIDTH, *HIDDEN), HIDDEN, strict=False)):
        weights.append(numpy_helper.from_array(rng.normal(size=(n, m)).astype(np.float32), f"w{k}"))
        end = "y" if k == len(HIDDEN) - 1 else f"h{k}"
        nodes.append(helper.make_node("MatMul", [last, f"w{k}"], [f"a{k}"]))
        nodes.append(helper.make_node("Softmax" if end == "y" else "Relu", [f"a{k}"], [end]))
        last = end
    row = [TensorProto.FLOAT, ["n", WIDTH]], [TensorProto.FLOAT, ["n", HIDDEN[-1]]]
    graph = helper.make_graph(
        nodes,
        SLOT,
        [helper.make_tensor_value_info("x", *row[0])],
        [helper.make_tensor_value_info("y", *row[1])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    data = model.SerializeToString()
    case: Arrays = {"x": rng.normal(size=(4, WIDTH)).astype(np.float32)}
    (y,) = runtime.open_session(data, SLOT).run(["y"], dict(case))
    files = {
        runtime.MODEL_FILE: data,
        runtime.GOLDEN_FILE: runtime.golden_file([(case, {"y": y})]),
    }
    specs = {
        "inputs": (TensorSpec("x", "float32", (None, WIDTH)),),
        "outputs": (TensorSpec("y", "float32", (None, HIDDEN[-1])),),
    }
    return Artifact.build(ref, "net", datetime(2026, 1, 1, tzinfo=UTC), files, **specs)


if __name__ == "__main__":
    main()
