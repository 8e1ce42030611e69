"""Where does chance come from? A generator derived from a seed and what is being decided.

The same `(seed, *names)` gives the same stream on every machine, so any past decision can be
replayed, and no decision depends on which request came first.
"""

import hashlib

import numpy as np


def derive_rng(seed: int, *names: str) -> np.random.Generator:
    """A generator that depends on the seed and the names alone.

    Args:
        seed: The engine's seed.
        names: What is being drawn, e.g. the decision's id.
    """
    digest = hashlib.blake2b("\x1f".join((str(seed), *names)).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
