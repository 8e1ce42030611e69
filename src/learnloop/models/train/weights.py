"""What are the weights of a network, outside torch? Named arrays, kept as npz, with one hash."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learnloop.core.errors import ArtifactError

Arrays = Mapping[str, NDArray[Any]]
"""Names of torch's `state_dict` to arrays of numbers."""


def digest(weights: Arrays) -> str:
    """SHA-256 of names, types, shapes and values, hex; the order of the names does not count.

    It says "the same weights" of arrays, wherever they are kept and however they were packed.
    """
    found = hashlib.sha256()
    for name in sorted(weights):
        array = np.ascontiguousarray(weights[name])
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        found.update(f"{name}\0{little.dtype.str}\0{array.shape}\0".encode())
        found.update(little.tobytes())
    return found.hexdigest()


def to_bytes(weights: Arrays) -> bytes:
    """As npz: the same bytes for the same weights.

    Raises:
        ArtifactError: An array holds objects, which only pickle could keep.
    """
    for name, array in weights.items():
        if array.dtype.hasobject:
            raise ArtifactError(f"{name} holds objects, not numbers")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for name in sorted(weights):
            with packed.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(weights[name]), allow_pickle=False)
    return buffer.getvalue()


def from_bytes(data: bytes) -> dict[str, NDArray[Any]]:
    """What `to_bytes` kept.

    Raises:
        ArtifactError: It is no npz, is cut off, or holds something else than numbers.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as packed:
            return {name: packed[name] for name in packed.files}
    except (ValueError, OSError, EOFError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise ArtifactError(f"the weights can't be read: {error}") from None
