"""Models that a server can serve: small ONNX graphs, stored, and given a role.

    p = sum over known x / 1000 + version

so every version says something else, and what each has to say is known without asking it.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from learnloop.core.artifact import Artifact, TensorSpec
from learnloop.core.registry import ModelRole
from learnloop.core.types import Ref
from learnloop.journeys.engine import PersonalizationEngine
from learnloop.journeys.registry import give_role, store_artifact
from learnloop.models.runtime import GOLDEN_FILE, MODEL_FILE, golden_file

MADE_AT = datetime(2026, 1, 2, tzinfo=UTC)
TOY = "toy"
X, P = "x", "p"


def says(version: str, x: np.ndarray) -> np.ndarray:
    """(n,) what that version says."""
    return (np.nan_to_num(x).sum(axis=1) / 1000 + float(version)).astype(np.float32)


@cache
def graph(version: str, width: int) -> bytes:
    """The ONNX file of a version."""
    nodes = [
        helper.make_node("IsNaN", [X], ["unknown"]),
        helper.make_node("Where", ["unknown", "zero", X], ["known"]),
        helper.make_node("ReduceSum", ["known", "axis"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "per_mille"], ["scaled"]),
        helper.make_node("Add", ["scaled", "version"], [P]),
    ]
    constants = {"zero": 0.0, "per_mille": 0.001, "version": float(version)}
    given = [helper.make_tensor(n, TensorProto.FLOAT, [], [v]) for n, v in constants.items()]
    given.append(helper.make_tensor("axis", TensorProto.INT64, [1], [1]))
    made = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info(X, TensorProto.FLOAT, ["n", width])],
        [helper.make_tensor_value_info(P, TensorProto.FLOAT, ["n"])],
        given,
    )
    opset = [helper.make_opsetid("", 17)]
    return onnx.ModelProto.SerializeToString(
        helper.make_model(made, opset_imports=opset, ir_version=8)
    )


def artifact(version: str, width: int = 3, *, name: str = TOY, **about: Any) -> Artifact:
    """A version that takes `x` (n, width) and gives `p` (n,)."""
    x = np.arange(2 * width, dtype=np.float32).reshape(2, width)
    files = {
        MODEL_FILE: graph(version, width),
        GOLDEN_FILE: golden_file([({X: x}, {P: says(version, x)})]),
    }
    inputs = (TensorSpec(X, "float32", (None, width), unknown=True),)
    outputs = (TensorSpec(P, "float32", (None,)),)
    return Artifact.build(
        Ref(name, version), name, MADE_AT, files, inputs=inputs, outputs=outputs, **about
    )


def on_features(engine: PersonalizationEngine, version: str) -> Artifact:
    """A version that takes the live features."""
    with engine.store.begin(write=False) as tx:
        fold = engine.live(tx).features
    return artifact(version, len(fold.features), features=str(fold.ref))


def put(
    engine: PersonalizationEngine,
    made: Artifact,
    role: ModelRole = ModelRole.CHAMPION,
    *,
    share: float = 1.0,
) -> None:
    """Store a version and let it play a role in the slot of its name."""
    with engine.store.begin() as tx:
        store_artifact(tx, made)
        give_role(
            tx, engine.clock, made.ref.name, role, made.ref, actor="test", reason="", share=share
        )
