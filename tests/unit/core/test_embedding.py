"""Are vectors compared with their own kind only?"""

import numpy as np
import pytest

from learnloop.core.embedding import WIDTH, Embedded
from learnloop.core.errors import DataError


def made(by: str = "e", fingerprint: str = "1", dim: int = 2) -> Embedded:
    values = np.eye(2, dim, dtype=np.float32)
    return Embedded(values, by, fingerprint, np.zeros(2, dtype=bool))


def test_similarity_is_every_pair_of_inner_products() -> None:
    assert made().similarity(made()).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert len(made()) == 2


@pytest.mark.parametrize("other", [made(by="f"), made(fingerprint="2")])
def test_a_stranger_is_refused_by_name(other: Embedded) -> None:
    with pytest.raises(DataError, match=rf"e \(1\).*{other.embedder_id} \({other.fingerprint}\)"):
        made().similarity(other)


def test_other_widths_are_refused() -> None:
    with pytest.raises(DataError, match="768 and 2"):
        made().padded().similarity(made())
    with pytest.raises(DataError, match="width of 2"):
        made(dim=3).padded(2)


def test_padding_adds_zeros_at_the_end() -> None:
    wide = made().padded()
    assert wide.values.shape == (2, WIDTH)
    assert not wide.values[:, 2:].any()
    assert (wide.embedder_id, wide.fingerprint) == ("e", "1")
