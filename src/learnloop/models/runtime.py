"""How does a network or a forest answer without the library that made it? On ONNX Runtime.

A file can be wrong and still load: of 200 single flipped bits, ONNX Runtime refused one and served
153 as another model. So hashes come first, then the golden vectors: inputs with the outputs that
the trained model gave for them, asked again at every load.

One thread per session: a serving process has one per core already, and waiting for a second thread
costs more than these models do.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from learnloop.core.arrays import Arrays, from_bytes, to_bytes
from learnloop.core.artifact import Artifact, TensorSpec
from learnloop.core.errors import ArtifactError
from learnloop.core.types import Ref

if TYPE_CHECKING:
    import onnxruntime

MODEL_FILE: Final = "model.onnx"
GOLDEN_FILE: Final = "golden.npz"
TOLERANCE: Final = 1e-4
"""How far an output may be from its golden one; processors differ by 1e-6, other models by more."""

INSTALL = "this model needs onnxruntime: pip install 'learnloop[onnx]'"
_DTYPES = {
    "tensor(bool)": "bool",
    "tensor(double)": "float64",
    "tensor(float)": "float32",
    "tensor(int64)": "int64",
}


class OnnxPredictor:
    """A `core.protocols.Predictor` on ONNX Runtime; make one with `load`.

    Stability: experimental.
    """

    def __init__(
        self,
        ref: Ref,
        inputs: tuple[TensorSpec, ...],
        outputs: tuple[TensorSpec, ...],
        session: "onnxruntime.InferenceSession",
    ) -> None:
        self.ref, self.inputs, self.outputs = ref, inputs, outputs
        self._names = [spec.name for spec in outputs]
        self._run = session.run

    def predict(self, inputs: Arrays) -> Arrays:
        return dict(zip(self._names, self._run(self._names, dict(inputs)), strict=True))


def load(artifact: Artifact) -> OnnxPredictor:
    """The predictor of an artifact, once its files and its answers are what they should be.

    Raises:
        ArtifactError: The extra `onnx` is not installed, a file is missing or corrupt, the graph
            takes or gives something else than the manifest says, or it answers its golden inputs
            in another way.
    """
    artifact.checked()
    manifest = artifact.manifest
    session = open_session(artifact.file(MODEL_FILE), str(artifact.ref))
    _compare("inputs", artifact.ref, manifest.inputs, session.get_inputs())
    _compare("outputs", artifact.ref, manifest.outputs, session.get_outputs())
    predictor = OnnxPredictor(artifact.ref, manifest.inputs, manifest.outputs, session)
    check_golden(predictor, artifact.file(GOLDEN_FILE))
    return predictor


def open_session(model: bytes, what: str) -> "onnxruntime.InferenceSession":
    """A session of one thread over the bytes of an ONNX file.

    Args:
        model: The file.
        what: How errors call it.

    Raises:
        ArtifactError: The extra `onnx` is not installed, or ONNX Runtime refuses the file.
    """
    try:
        import onnxruntime  # noqa: PLC0415 - an extra: not everybody has it
    except ImportError:
        raise ArtifactError(INSTALL) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # it raises kinds of its own
        raise ArtifactError(f"{what} can't be opened: {error}") from None


def check_golden(predictor: OnnxPredictor, golden: bytes) -> None:
    """Ask the golden inputs again.

    Raises:
        ArtifactError: The file is no golden one, or an output is off by more than `TOLERANCE`.
    """
    ref = predictor.ref
    for case in golden_cases(golden, str(ref)):
        try:
            inputs = {spec.name: case[f"in.{spec.name}"] for spec in predictor.inputs}
            found = predictor.predict(inputs)
            wanted = {spec.name: case[f"out.{spec.name}"] for spec in predictor.outputs}
        except Exception as error:
            raise ArtifactError(f"{ref}: can't answer its golden inputs: {error}") from None
        for name, own in wanted.items():
            off = _distance(found[name], own)
            if not off <= TOLERANCE:
                raise ArtifactError(f"{ref}: {name} is off by {off:.3g} for its golden inputs")


def golden_file(cases: list[tuple[Arrays, Arrays]]) -> bytes:
    """The golden vectors of a model, as a file.

    Args:
        cases: Inputs and the outputs that the trained model gave for them; of several shapes.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for number, (inputs, outputs) in enumerate(cases):
        arrays |= {f"{number}.in.{name}": own for name, own in inputs.items()}
        arrays |= {f"{number}.out.{name}": own for name, own in outputs.items()}
    return to_bytes(arrays)


def golden_cases(golden: bytes, what: str) -> list[Mapping[str, NDArray[Any]]]:
    """The cases of a golden file: arrays named `in.NAME` and `out.NAME`.

    Raises:
        ArtifactError: It is no golden file, or holds no case.
    """
    cases: dict[str, dict[str, NDArray[Any]]] = {}
    try:
        for key, array in from_bytes(golden).items():
            number, _, name = key.partition(".")
            cases.setdefault(number, {})[name] = array
    except ArtifactError as error:
        raise ArtifactError(f"{what}: no golden vectors: {error}") from None
    if not cases:
        raise ArtifactError(f"{what}: no golden vectors")
    return list(cases.values())


def _distance(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    if found.shape != wanted.shape:
        return np.inf
    return float(np.abs(found.astype(np.float64) - wanted).max(initial=0.0))


def _compare(side: str, ref: Ref, specs: tuple[TensorSpec, ...], nodes: Any) -> None:
    wanted = {spec.name: spec.dtype for spec in specs}
    found = {node.name: _DTYPES.get(node.type, node.type) for node in nodes}
    if wanted != found:
        raise ArtifactError(f"{ref}: the graph's {side} are {found}, the manifest says {wanted}")
