"""What was exported answers as what was trained, at every shape; what does not is refused."""

import warnings

import numpy as np
import pytest
from tests.unit.models.train.nets import Attention, Mlp, Recurrent
from torch import Tensor, nn

from learnloop.core.arrays import Arrays
from learnloop.core.errors import ArtifactError
from learnloop.models.runtime import golden_cases
from learnloop.models.train.export import EXAMPLE, SHAPES, TOLERANCE, Exported, export, gate, shaped
from learnloop.models.train.to_onnx import Request

RNG = np.random.default_rng(1)
X = {"x": RNG.normal(size=(8, 4)).astype(np.float32)}
IDS = {"ids": RNG.integers(0, 5, size=(8, 9))}
MASK = {"mask": np.arange(9) < RNG.integers(1, 10, size=(8, 1))}


def exported(network: nn.Module, examples: Arrays) -> Exported:
    sequences = ["ids", "mask", "logit"] if "ids" in examples else []
    return export(network, examples, ["logit"], sequences=sequences)


def gated(network: nn.Module) -> Exported:
    """As `exported`, with the graph made here and not in a fresh process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter has much to say of its age
        model = Request(network, shaped(X, [], *EXAMPLE), ["logit"], []).graph()
    return gate(model, network, X, ["logit"])


@pytest.mark.parametrize(
    ("network", "examples"),
    [(Mlp(), X), (Recurrent("lstm"), IDS), (Recurrent("gru"), IDS), (Attention(), IDS | MASK)],
    ids=["mlp", "lstm", "gru", "attention"],
)
def test_the_graph_answers_as_the_network_at_every_shape(
    network: nn.Module, examples: Arrays
) -> None:
    found = exported(network, examples)
    assert 0.0 <= found.off < TOLERANCE
    assert {(1, 1), (32, 200)} <= set(SHAPES)
    cases = golden_cases(found.golden, "test")
    assert len(cases) == 3
    assert {len(case["out.logit"]) for case in cases} == {1, 2}  # the smaller shapes


class FrozenBatch(nn.Module):
    """Writes the example's number of rows into the graph."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x).view(int(x.shape[0]))


class FrozenBranch(nn.Module):
    """Takes the branch that the example took."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        out = self.layer(x).squeeze(-1)
        return out + 0.5 if len(x) == 1 else out


class Refuses(nn.Module):
    """Can't be traced at all."""

    def forward(self, x: Tensor) -> Tensor:
        raise RuntimeError("not this one")


def test_a_frozen_batch_is_caught_and_the_shape_is_named() -> None:
    with pytest.raises(ArtifactError, match=r"\(batch, length\) \(1, 1\)"):
        gated(FrozenBatch())


def test_a_frozen_branch_is_caught_and_the_difference_is_named() -> None:
    with pytest.raises(ArtifactError, match=r"logit at .*\(1, 1\): the graph is off by 0\.5"):
        gated(FrozenBranch())


def test_what_cannot_be_exported_says_why() -> None:
    with pytest.raises(ArtifactError, match="can't be exported: RuntimeError: not this one"):
        exported(Refuses(), X)


def test_other_shapes_go_round_the_examples() -> None:
    found = shaped(IDS | X, ["ids"], 10, 12)
    np.testing.assert_array_equal(found["ids"][9, 9:], IDS["ids"][1, :3])
    np.testing.assert_array_equal(found["x"], np.concatenate([X["x"], X["x"][:2]]))
