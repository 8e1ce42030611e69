"""How does each server of the comparison run the model? One ONNX Runtime session in one thread.

Rows in, rows out, as JSON knows them: `{"inputs": {name: [[...], ...]}}` becomes
`{"outputs": {name: [[...], ...]}}`. Nothing of learnloop is imported: it runs in the peers' own
interpreters.
"""

from typing import Any

import numpy as np
import onnxruntime

Rows = dict[str, list[Any]]

_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}


class OnnxModel:
    """A session; its inputs are converted to the types that it wants."""

    def __init__(self, path: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        self._inputs = [(x.name, _TYPES[x.type]) for x in self._session.get_inputs()]
        self._outputs = [x.name for x in self._session.get_outputs()]

    def predict(self, inputs: Rows) -> Rows:
        """The outputs for a batch of rows."""
        fed = {name: np.array(inputs[name], dtype) for name, dtype in self._inputs}
        found = self._session.run(self._outputs, fed)
        return {name: x.tolist() for name, x in zip(self._outputs, found, strict=True)}
