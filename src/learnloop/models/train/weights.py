"""Are these the same weights? One hash of arrays by name, however they are packed."""

import hashlib

import numpy as np

from learnloop.core.arrays import Arrays


def digest(weights: Arrays) -> str:
    """SHA-256 of names, types, shapes and values, hex; the order of the names does not count."""
    found = hashlib.sha256()
    for name in sorted(weights):
        array = np.asarray(weights[name], order="C")
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        found.update(f"{name}\0{little.dtype.str}\0{little.shape}\0".encode())
        found.update(little.data)
    return found.hexdigest()
