"""Does every embedder keep the promises?"""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from learnloop.core.protocols import Embedder
from learnloop.models.language.embed_cache import CachedEmbedder
from learnloop.models.language.embed_hashing import HashingConfig, HashingEmbedder
from learnloop.testing.embedder import EmbedderSuite
from tests.unit.models.tiny_bert import write_tiny_bert


class TestHashing(EmbedderSuite):
    def make_embedder(self) -> Embedder:
        return HashingEmbedder()

    def make_other(self) -> Embedder:
        return HashingEmbedder(HashingConfig(pair=0.4))


class TestShortHashing(EmbedderSuite):
    def make_embedder(self) -> Embedder:
        return HashingEmbedder(HashingConfig(dim=100, max_chars=1000))

    def make_other(self) -> Embedder:
        return HashingEmbedder(HashingConfig(dim=100, max_chars=1001))


class TestCached(EmbedderSuite):
    def make_embedder(self) -> Embedder:
        return CachedEmbedder(HashingEmbedder(), max_texts=3)

    def make_other(self) -> Embedder:
        return CachedEmbedder(HashingEmbedder(HashingConfig(dim=64)))


@cache
def tiny(max_tokens: int) -> Embedder:
    from learnloop.models.language.embed_export import export
    from learnloop.models.language.embed_onnx import load

    folder = Path(mkdtemp())
    write_tiny_bert(folder)
    export(folder, folder / "exported", name="tiny", max_tokens=max_tokens)
    return load(folder / "exported")


class TestOnnx(EmbedderSuite):
    @pytest.fixture(autouse=True)
    def _needs_the_extra(self) -> None:
        pytest.importorskip("onnxruntime", reason="needs the extra `embed`")
        pytest.importorskip("onnx", reason="needs onnx to write a model")

    def make_embedder(self) -> Embedder:
        return tiny(64)

    def make_other(self) -> Embedder:
        return tiny(32)
