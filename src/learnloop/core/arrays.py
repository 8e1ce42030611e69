"""How are named arrays kept as bytes? As npz without pickle: the same bytes for the same arrays."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learnloop.core.errors import ArtifactError

Arrays = Mapping[str, NDArray[Any]]
"""Arrays of numbers by name."""


def to_bytes(arrays: Arrays) -> bytes:
    """As npz, in the order of the names, without any time.

    Raises:
        ArtifactError: An array holds objects, which only pickle could keep.
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ArtifactError(f"{name} holds objects, not numbers")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for name in sorted(arrays):
            with packed.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(arrays[name]), allow_pickle=False)
    return buffer.getvalue()


def from_bytes(data: bytes) -> dict[str, NDArray[Any]]:
    """What `to_bytes` kept.

    Raises:
        ArtifactError: It is no npz, is cut off, or holds something else than numbers.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as packed:
            return {name: packed[name] for name in packed.files}
    except Exception as error:  # zipfile, zlib and numpy have many ways to refuse
        raise ArtifactError(f"the arrays can't be read: {error}") from None
