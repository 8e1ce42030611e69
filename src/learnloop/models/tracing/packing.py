"""How is a network that keeps states kept as one file? Settings, arrays and its graph, hashed.

`pack` makes the bytes that an estimator's `export` gives; `unpack` reads them and opens the graph,
once its hash is right and it answers its golden inputs as the trained network did
(`models.runtime` says why both).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from learnloop.core.arrays import Arrays, from_bytes, to_bytes
from learnloop.core.artifact import TensorSpec
from learnloop.core.errors import ArtifactError
from learnloop.core.types import Ref
from learnloop.models.runtime import (
    GOLDEN_FILE,
    MODEL_FILE,
    OnnxPredictor,
    check_golden,
    open_session,
)
from learnloop.models.train.weights import digest

ABOUT: Final = "about.json"
SHA256: Final = "sha256"


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """What an estimator on ONNX Runtime is made of.

    Attributes:
        about: Plain JSON values: name, version, settings, vocabulary.
        arrays: Weights that are used outside of the graph.
        model: The graph, ONNX.
        golden: Inputs and what the trained network said of them, `runtime.golden_file`.
    """

    about: Mapping[str, Any]
    arrays: Arrays
    model: bytes
    golden: bytes

    def session(
        self, ref: Ref, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]
    ) -> OnnxPredictor:
        """The graph, opened with one thread and asked its golden inputs.

        Raises:
            ArtifactError: See `runtime.open_session` and `runtime.check_golden`.
        """
        predictor = OnnxPredictor(ref, inputs, outputs, open_session(self.model, str(ref)))
        check_golden(predictor, self.golden)
        return predictor


def pack(form: str, packed: Packed) -> bytes:
    """As bytes.

    Args:
        form: Name and layout of what is packed, e.g. `learnloop/dkt/1`.
        packed: What it is made of.
    """
    about = json.dumps({"form": form, **packed.about}, allow_nan=False).encode()
    files = {ABOUT: about, MODEL_FILE: packed.model, GOLDEN_FILE: packed.golden}
    arrays: dict[str, NDArray[Any]] = {
        **{f"array/{name}": own for name, own in packed.arrays.items()},
        **{name: np.frombuffer(data, dtype=np.uint8) for name, data in files.items()},
    }
    sha256 = np.frombuffer(digest(arrays).encode(), dtype=np.uint8)
    return to_bytes({**arrays, SHA256: sha256})


def unpack(form: str, data: bytes) -> Packed:
    """What `pack` kept.

    Raises:
        ArtifactError: The bytes are corrupt, foreign, or of another form.
    """
    arrays = from_bytes(data)
    try:
        said = arrays.pop(SHA256).tobytes()
        whole = said == digest(arrays).encode()
        about, model, golden = (
            arrays.pop(name).tobytes() for name in (ABOUT, MODEL_FILE, GOLDEN_FILE)
        )
    except KeyError as error:
        raise ArtifactError(f"not an artifact of {form}: {error} is missing") from None
    if not whole:
        raise ArtifactError(f"the artifact of {form} is corrupt: its hash is not that of its files")
    known = json.loads(about)
    found = known.pop("form", None)
    if found != form:
        raise ArtifactError(f"artifact of {found}; this release reads {form}: fit the model again")
    own = {name.removeprefix("array/"): array for name, array in arrays.items()}
    return Packed(known, own, model, golden)
