"""Does an embedder keep every promise of `learnloop.core.protocols.Embedder`?

class TestMyEmbedder(EmbedderSuite):
    def make_embedder(self) -> Embedder:
        return MyEmbedder(dim=64)

    def make_other(self) -> Embedder:
        return MyEmbedder(dim=32)
"""

from abc import ABC, abstractmethod

import numpy as np
import pytest

from learnloop.core.embedding import WIDTH, embed
from learnloop.core.errors import DataError
from learnloop.core.protocols import Embedder

TEXTS = (
    "What is the slope of the line y = 3x + 2?",
    "slope",
    "Photosynthesis turns light into sugar. " * 12,
    "naïve café, e\u0301te\u0301, Straße, ﬁnance",
    "漢字とかな 한국어 हिन्दी العربية",
    "😀 ∑ x² ≤ 3",
    "a\x00b\u200bc\ud800d",
    "The cell membrane lets water through.",
)
BLANK = ("", "   ", "\n\t")


class EmbedderSuite(ABC):
    """Every promise; `make_embedder` gives the one to test.

    Stability: stable.
    """

    @abstractmethod
    def make_embedder(self) -> Embedder:
        """The embedder to test; twice the same."""

    @abstractmethod
    def make_other(self) -> Embedder:
        """One of another configuration."""

    def test_a_row_is_float32_of_length_one(self) -> None:
        embedder = self.make_embedder()
        rows = embedder.encode(TEXTS)
        assert rows.shape == (len(TEXTS), embedder.dim)
        assert rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)

    def test_a_text_without_anything_to_read_is_like_nothing(self) -> None:
        embedder = self.make_embedder()
        rows = embedder.encode([*BLANK, TEXTS[0]])
        assert not rows[:-1].any()
        assert rows[-1].any()
        assert not embedder.truncated(BLANK).any()

    def test_no_texts_give_no_rows(self) -> None:
        embedder = self.make_embedder()
        assert embedder.encode([]).shape == (0, embedder.dim)
        assert embedder.truncated([]).shape == (0,)

    def test_the_same_text_has_the_same_bits_each_time(self) -> None:
        one, again = self.make_embedder(), self.make_embedder()
        first = one.encode(TEXTS).tobytes()
        assert first == one.encode(TEXTS).tobytes() == again.encode(TEXTS).tobytes()
        assert (one.id, one.dim, one.fingerprint) == (again.id, again.dim, again.fingerprint)

    def test_a_row_does_not_depend_on_the_other_texts(self) -> None:
        embedder = self.make_embedder()
        texts = [*TEXTS, *BLANK] * 9
        order = np.random.default_rng(7).permutation(len(texts))
        together = embedder.encode([texts[i] for i in order])
        alone = np.concatenate([embedder.encode([texts[i]]) for i in order])
        np.testing.assert_allclose(together, alone, rtol=0.0, atol=1e-6)

    def test_what_was_left_out_is_reported(self) -> None:
        embedder = self.make_embedder()
        words = [f"word{i}" for i in range(1 << 14)]
        long = " ".join(words)
        assert embedder.truncated([long, TEXTS[1], long]).tolist() == [True, False, True]
        row, other = embedder.encode([long, long + " and something else"])
        assert row.tobytes() == other.tobytes()

    def test_another_configuration_has_another_fingerprint(self) -> None:
        assert self.make_embedder().fingerprint != self.make_other().fingerprint

    def test_vectors_of_different_embedders_are_not_compared(self) -> None:
        ours, theirs = embed(self.make_embedder(), TEXTS), embed(self.make_other(), TEXTS)
        with pytest.raises(DataError, match=f"{ours.embedder_id}.*{theirs.embedder_id}"):
            ours.padded(4096).similarity(theirs.padded(4096))

    def test_zeros_at_the_end_change_no_inner_product(self) -> None:
        found = embed(self.make_embedder(), [*TEXTS, *BLANK])
        wide = found.padded(max(WIDTH, found.values.shape[1] + 1))
        np.testing.assert_allclose(
            wide.similarity(wide), found.similarity(found), rtol=0.0, atol=1e-6
        )
        assert (wide.truncated == found.truncated).all()
