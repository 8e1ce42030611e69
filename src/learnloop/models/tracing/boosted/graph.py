"""How are grown trees written down? As one ONNX node over all of them, then a sigmoid.

    p = sigmoid(shift + scale sum_k f_k(x) / K)

Scale and 1 / K go into the leaves. A split of LightGBM is `x <= threshold` in double precision; x
is given in single precision, so the greatest single number that is not above the threshold splits
in the same way, bit for bit. NaN goes the way that its split says (`default_left`); where training
saw no NaN it counts as 0, as LightGBM has it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper

from learnloop.core.errors import ArtifactError

OPSET: Final = 17
TREES: Final = 3
"""Version of the operators on trees."""
IR_VERSION: Final = 8
Dump = Mapping[str, Any]
"""A model as LightGBM's `dump_model` gives it."""


def graph(models: Sequence[Dump], n_features: int, scale: float, shift: float) -> bytes:
    """The trees of several models as an ONNX file: (n, n_features) float32 -> (n,) P(correct).

    Raises:
        ArtifactError: A split is of a kind that is not written here.
    """
    trees = _Trees(scale / len(models))
    for model in models:
        for tree in model["tree_info"]:
            trees.add(tree["tree_structure"])
    nodes = [
        trees.node(shift),
        helper.make_node("Reshape", ["logits", "flat"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["p_correct"]),
    ]
    given = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", n_features])
    wanted = helper.make_tensor_value_info("p_correct", TensorProto.FLOAT, ["batch"])
    flat = helper.make_tensor("flat", TensorProto.INT64, [1], [-1])
    drawn = helper.make_graph(nodes, "boosted", [given], [wanted], [flat])
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", TREES)]
    made = helper.make_model(drawn, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(made)
    written: bytes = made.SerializeToString(deterministic=True)
    return written


def single_below(threshold: float) -> float:
    """The greatest number of single precision that is not above a threshold."""
    with np.errstate(over="ignore"):
        near = np.float32(threshold)
    return float(near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf)))


class _Trees:
    """The columns of the node, one tree behind the other."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self._splits: list[tuple[int, int, int, float, str, int, int, int]] = []
        self._leaves: list[tuple[int, int, float]] = []
        self._n = 0

    def node(self, shift: float) -> onnx.NodeProto:
        """All of them, from `features` to `logits`, (n, 1)."""
        names = (
            "nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_values", "nodes_modes",
            "nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true",
        )  # fmt: skip
        splits = [list(column) for column in zip(*self._splits, strict=True)]
        tree, node, weight = (list(column) for column in zip(*self._leaves, strict=True))
        leaves = {"target_treeids": tree, "target_nodeids": node, "target_weights": weight}
        columns: dict[str, Any] = dict(zip(names, splits, strict=True)) | leaves
        columns |= {"target_ids": [0] * len(tree), "n_targets": 1, "base_values": [shift]}
        kind = "TreeEnsembleRegressor"
        return helper.make_node(kind, ["features"], ["logits"], domain="ai.onnx.ml", **columns)

    def add(self, root: Dump) -> None:
        """One more tree, its nodes in the order of a walk, the true side first."""
        number = {id(node): i for i, node in enumerate(_walk(root))}
        for node in _walk(root):
            here = number[id(node)]
            if "leaf_value" in node:
                self._splits.append((self._n, here, 0, 0.0, "LEAF", 0, 0, 0))
                self._leaves.append((self._n, here, node["leaf_value"] * self.scale))
                continue
            if node["decision_type"] != "<=":
                raise ArtifactError(f"a split by {node['decision_type']} can't be written as ONNX")
            left, right = number[id(node["left_child"])], number[id(node["right_child"])]
            value = single_below(node["threshold"])
            self._splits.append((
                self._n, here, node["split_feature"], value, "BRANCH_LEQ", left, right,
                int(_unknown_goes_left(node)),
            ))  # fmt: skip
        self._n += 1


def _walk(node: Dump) -> Iterator[Dump]:
    yield node
    if "leaf_value" not in node:
        yield from _walk(node["left_child"])
        yield from _walk(node["right_child"])


def _unknown_goes_left(node: Dump) -> bool:
    """Where a split sends NaN.

    Raises:
        ArtifactError: It takes zeros for unknown.
    """
    if node["missing_type"] == "Zero":
        raise ArtifactError("a split that takes 0 for unknown can't be written as ONNX")
    if node["missing_type"] == "NaN":
        return bool(node["default_left"])
    return bool(node["threshold"] >= 0.0)
