"""Where does chance come from? A generator derived from a seed and what is being decided.

The same `(seed, *names)` gives the same stream on every machine, so any past decision can be
replayed, and no decision depends on which request came first.
"""

import hashlib
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray


class _Digest(ISeedSequence):
    """Seeds with the digest's own bits: spreading them again would take four times as long."""

    def __init__(self, digest: bytes) -> None:
        self._digest = digest

    def generate_state(self, n_words: int, dtype: Any = np.uint64) -> NDArray[Any]:
        return np.frombuffer(self._digest, "<u8", n_words).astype(dtype)


def derive_rng(seed: int, *names: str) -> np.random.Generator:
    """A generator that depends on the seed and the names alone.

    Args:
        seed: The engine's seed.
        names: What is being drawn, e.g. the decision's id.
    """
    digest = hashlib.blake2b("\x1f".join((str(seed), *names)).encode(), digest_size=32).digest()
    bits = np.random.PCG64(_Digest(digest))  # type: ignore[arg-type]  # numpy's stubs forget it
    return np.random.Generator(bits)
