"""Is every text read once?"""

from collections.abc import Sequence

from learnloop.core.embedding import Vectors
from learnloop.models.language.embed_cache import CachedEmbedder
from learnloop.models.language.embed_hashing import HashingEmbedder


class Counting(HashingEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.read += texts
        return super().encode(texts)


def test_a_text_is_read_once_also_within_one_call() -> None:
    inner = Counting()
    cached = CachedEmbedder(inner)
    cached.encode(["a", "b", "a"])
    cached.truncated(["b", "a"])
    assert cached.encode(["b", "c"]).tobytes() == HashingEmbedder().encode(["b", "c"]).tobytes()
    assert inner.read == ["a", "b", "c"]


def test_the_text_asked_for_longest_ago_is_forgotten() -> None:
    inner = Counting()
    cached = CachedEmbedder(inner, max_texts=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        cached.encode([text])
    assert inner.read == ["a", "b", "c", "b"]


def test_what_a_caller_does_to_a_vector_does_not_reach_the_next() -> None:
    cached = CachedEmbedder(HashingEmbedder())
    cached.encode(["a"])[:] = 7.0
    assert cached.encode(["a"]).tobytes() == HashingEmbedder().encode(["a"]).tobytes()
