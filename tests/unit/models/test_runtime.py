"""Does a file that would load as another model get refused? Hash, names, then golden vectors."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from learnloop.core.artifact import Artifact, TensorSpec
from learnloop.core.errors import ArtifactError
from learnloop.core.types import Ref
from learnloop.models import runtime

WEIGHTS = np.linspace(-1, 1, 6, dtype=np.float32).reshape(3, 2)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def graph(weights: np.ndarray[Any, Any] = WEIGHTS, name: str = "p") -> bytes:
    made = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["z"]),
            helper.make_node("Sigmoid", ["z"], [name]),
        ],
        "two chances",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    data: bytes = model.SerializeToString()
    return data


def answers(x: np.ndarray[Any, Any]) -> dict[str, Any]:
    return {"p": 1.0 / (1.0 + np.exp(-(x @ WEIGHTS)))}


def cases() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    rng = np.random.default_rng(1)
    for n in (1, 5):
        x = rng.normal(size=(n, 3)).astype(np.float32)
        yield {"x": x}, answers(x)


def an_artifact(model: bytes | None = None, **files: bytes) -> Artifact:
    made = {"model.onnx": model or graph(), "golden.npz": runtime.golden_file(list(cases()))}
    return Artifact.build(
        Ref("two", "1"),
        "two",
        NOON,
        {**made, **{name.replace("_", "."): data for name, data in files.items()}},
        inputs=(TensorSpec("x", "float32", (None, 3)),),
        outputs=(TensorSpec("p", "float32", (None, 2)),),
    )


def test_a_model_answers_as_it_was_trained_to() -> None:
    predictor = runtime.load(an_artifact())
    x = np.ones((4, 3), dtype=np.float32)
    found = predictor.predict({"x": x})
    np.testing.assert_allclose(found["p"], answers(x)["p"], atol=1e-6)
    assert predictor.ref == Ref("two", "1")


def test_another_model_with_the_right_hashes_is_refused_by_its_answers() -> None:
    other = WEIGHTS.copy()
    other[1, 1] += 0.01
    with pytest.raises(ArtifactError, match=r"two@1: p is off by 0.00"):
        runtime.load(an_artifact(graph(other)))


def test_a_graph_with_other_names_is_refused() -> None:
    with pytest.raises(ArtifactError, match=r"outputs are \{'q': 'float32'\}"):
        runtime.load(an_artifact(graph(name="q")))


def test_a_model_that_answers_nan_is_refused() -> None:
    with pytest.raises(ArtifactError, match="off by nan"):
        runtime.load(an_artifact(graph(np.full((3, 2), np.nan, dtype=np.float32))))


@pytest.mark.parametrize("model", [b"", b"no graph", graph()[:50]])
def test_what_is_no_graph_is_refused(model: bytes) -> None:
    artifact = an_artifact()
    files = {**artifact.files, "model.onnx": model}
    with pytest.raises(ArtifactError, match="two@1"):
        runtime.load(
            Artifact.build(artifact.ref, "two", NOON, files, inputs=artifact.manifest.inputs)
        )


@pytest.mark.parametrize("golden", [b"", b"PK", runtime.golden_file([])])
def test_a_model_without_golden_vectors_is_refused(golden: bytes) -> None:
    with pytest.raises(ArtifactError, match="golden"):
        runtime.load(an_artifact(golden_npz=golden))


def test_golden_vectors_of_another_model_are_refused() -> None:
    golden = runtime.golden_file([({"y": np.ones((1, 3))}, {"p": np.ones((1, 2))})])
    with pytest.raises(ArtifactError, match="golden inputs"):
        runtime.load(an_artifact(golden_npz=golden))
