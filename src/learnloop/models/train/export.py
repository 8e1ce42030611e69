"""How does a trained network get to serve without torch? As ONNX, and only if it answers the same.

    exported = export(network, {"ids": ids}, ["logit"], sequences=["ids", "logit"])

The graph is made in a fresh process: the newer exporter of torch 2.13 remembers earlier exports,
and a second one in the same process may come out wrong without a word. The older one
(`dynamo=False`) is taken, because recurrent networks come out right at every length only there;
attention has to be written with `scaled_dot_product_attention`. The weights are inside the one
file.

Then the gate: network and graph answer the same inputs at several shapes, the smallest and a long
one among them, and must agree within a tolerance. A graph that has frozen the batch or the length
of its example fails there. The smaller cases become the golden vectors of the artifact.
"""

import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from learnloop.core.arrays import Arrays
from learnloop.core.errors import ArtifactError
from learnloop.models.runtime import golden_file, open_session
from learnloop.models.train.to_onnx import Request

SHAPES: Final = ((1, 1), (1, 400), (2, 11), (32, 200))
"""(batch, length) at which the graph has to agree."""

EXAMPLE: Final = (2, 5)
"""The shape that the graph is made from; a length of 1 would be frozen."""

TOLERANCE: Final = 1e-5
"""|network - graph| <= TOLERANCE * (1 + |network|); right graphs differ by 1e-7."""

N_GOLDEN: Final = 3
SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Exported:
    """A network as files of an artifact.

    Attributes:
        model: `model.onnx`.
        golden: `golden.npz`: inputs, and what the network (not the graph) says of them.
        off: The largest difference that the gate found.
    """

    model: bytes
    golden: bytes
    off: float


def export(
    network: nn.Module,
    examples: Arrays,
    outputs: Sequence[str],
    *,
    sequences: Collection[str] = (),
    shapes: Sequence[tuple[int, int]] = SHAPES,
) -> Exported:
    """A network as ONNX, checked.

    Args:
        network: On the CPU. Its `forward` takes the inputs in the order of the examples, and gives
            one tensor, or a tuple of as many as there are outputs.
        examples: Inputs by name, such as will be served: (n, ...), or (n, T, ...) for sequences.
            Other shapes are made of them by going round.
        outputs: Names of what comes out; axis 0 is the batch.
        sequences: Inputs and outputs whose axis 1 has any length.
        shapes: (batch, length) of the gate. Without sequences only the batch counts.

    Raises:
        ArtifactError: The network can't be exported, or the graph does not agree with it; the
            message names the output, the shape and the difference.
    """
    network = network.eval()
    model = to_onnx(network, examples, outputs, sequences)
    return gate(model, network, examples, outputs, sequences, shapes)


def gate(
    model: bytes,
    network: nn.Module,
    examples: Arrays,
    outputs: Sequence[str],
    sequences: Collection[str] = (),
    shapes: Sequence[tuple[int, int]] = SHAPES,
) -> Exported:
    """The graph, if it answers as the network; arguments and errors as of `export`."""
    cases = [shaped(examples, sequences, *shape) for shape in shapes]
    answers = [answer(network, case, outputs) for case in cases]
    session = open_session(model, type(network).__name__)
    worst = 0.0
    for shape, given, wanted in zip(shapes, cases, answers, strict=True):
        try:
            found = dict(zip(outputs, session.run(list(outputs), dict(given)), strict=True))
        except Exception as error:  # ONNX Runtime raises kinds of its own
            raise ArtifactError(
                f"the graph refuses inputs of (batch, length) {shape}: {error}"
            ) from None
        worst = max(worst, _agree(wanted, found, shape))
    pairs = sorted(zip(cases, answers, strict=True), key=lambda pair: _size(pair[0]))
    return Exported(model, golden_file(pairs[:N_GOLDEN]), worst)


def to_onnx(
    network: nn.Module, examples: Arrays, outputs: Sequence[str], sequences: Collection[str]
) -> bytes:
    """The graph, made in a fresh process and not checked.

    Raises:
        ArtifactError: It can't be made.
    """
    request = Request(network, shaped(examples, sequences, *EXAMPLE), outputs, sequences)
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", f"{__package__}.to_onnx"],
            input=request.to_bytes(),
            capture_output=True,
            check=False,
            timeout=SECONDS,
            env={**os.environ, "PYTHONPATH": path},
        )
    except subprocess.TimeoutExpired:
        raise ArtifactError(f"the export took more than {SECONDS} seconds") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise ArtifactError(f"the network can't be exported: {' '.join(said)}")
    return done.stdout


def shaped(examples: Arrays, sequences: Collection[str], batch: int, length: int) -> Arrays:
    """Inputs of another shape: the examples' rows, and places of sequences, round and round."""
    cases = {}
    for name, array in examples.items():
        rows = array.take(np.arange(batch), axis=0, mode="wrap")
        long = name in sequences
        cases[name] = rows.take(np.arange(length), axis=1, mode="wrap") if long else rows
    return cases


def answer(network: nn.Module, given: Arrays, outputs: Sequence[str]) -> Arrays:
    """What the network itself says, by the names of the outputs."""
    with torch.inference_mode():
        found = network(*map(torch.from_numpy, given.values()))
    parts = (found,) if isinstance(found, Tensor) else found
    return {name: part.numpy() for name, part in zip(outputs, parts, strict=True)}


def _size(given: Arrays) -> int:
    return sum(array.size for array in given.values())


def _agree(wanted: Arrays, found: Arrays, shape: tuple[int, int]) -> float:
    """The largest difference.

    Raises:
        ArtifactError: It is too large.
    """
    worst = 0.0
    for name, own in wanted.items():
        where = f"{name} at (batch, length) {shape}"
        if found[name].shape != own.shape:
            raise ArtifactError(
                f"{where}: the graph gives shape {found[name].shape}, the network {own.shape}"
            )
        off = np.abs(found[name].astype(np.float64) - own)
        if not (off <= TOLERANCE * (1.0 + np.abs(own))).all():
            raise ArtifactError(f"{where}: the graph is off by {off.max():.3g}")
        worst = max(worst, float(off.max(initial=0.0)))
    return worst
