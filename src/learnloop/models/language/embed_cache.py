"""Which texts were embedded before? Vectors by sha256(fingerprint | text), the oldest forgotten."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from learnloop.core.embedding import Vectors
from learnloop.core.protocols import Embedder
from learnloop.core.types import Bools

MAX_TEXTS = 20_000


class CachedEmbedder:
    """An embedder that reads no text twice, as long as it remembers it.

    No text is kept, only its digest. For one thread at a time.

    Stability: stable.
    """

    def __init__(self, inner: Embedder, max_texts: int = MAX_TEXTS) -> None:
        self.inner = inner
        self.max_texts = max_texts
        self.id, self.dim, self.fingerprint = inner.id, inner.dim, inner.fingerprint
        self._kept: OrderedDict[bytes, tuple[Vectors, bool]] = OrderedDict()

    def encode(self, texts: Sequence[str]) -> Vectors:
        found = self._found(texts)
        rows = [row for row, _ in found]
        return np.stack(rows) if rows else np.zeros((0, self.dim), dtype=np.float32)

    def truncated(self, texts: Sequence[str]) -> Bools:
        return np.array([cut for _, cut in self._found(texts)], dtype=bool)

    def _found(self, texts: Sequence[str]) -> list[tuple[Vectors, bool]]:
        keys = [self._key(text) for text in texts]
        known = {key: self._kept[key] for key in keys if key in self._kept}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            rows = self.inner.encode(list(new.values()))
            cut = self.inner.truncated(list(new.values())).tolist()
            for key, row, was_cut in zip(new, rows, cut, strict=True):
                known[key] = (row.copy(), was_cut)
        for key in keys:
            self._kept[key] = known[key]
            self._kept.move_to_end(key)
        while len(self._kept) > self.max_texts:
            self._kept.popitem(last=False)
        return [known[key] for key in keys]

    def _key(self, text: str) -> bytes:
        said = f"{self.fingerprint}|{text}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(said).digest()
