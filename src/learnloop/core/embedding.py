"""What may be done with the vectors of texts? Compared, if the same embedder made them.

Vectors of different embedders have inner products too, and they mean nothing. So an `Embedded`
carries who made it, and refuses to meet a stranger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from learnloop.core.errors import DataError
from learnloop.core.types import Bools

if TYPE_CHECKING:
    from learnloop.core.protocols import Embedder

Vectors = NDArray[np.float32]

WIDTH = 768
"""A column of this width holds every embedder of the house: shorter vectors end in zeros."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Texts as vectors, and who made them.

    Attributes:
        values: (n, dim) float32; rows of length 1, or all 0 for a text in which there is nothing.
        embedder_id: Name of the embedder.
        fingerprint: Digest of all that the vectors depend on besides the text.
        truncated: (n,) the end of the text was left out.
    """

    values: Vectors
    embedder_id: str
    fingerprint: str
    truncated: Bools

    def __len__(self) -> int:
        return len(self.values)

    def check_same(self, embedder_id: str, fingerprint: str) -> None:
        """Refuse to go on with vectors of another embedder.

        Raises:
            DataError: They are not of the one named.
        """
        if (self.embedder_id, self.fingerprint) != (embedder_id, fingerprint):
            raise DataError(
                f"vectors of {self.embedder_id} ({self.fingerprint}) can't be compared with those "
                f"of {embedder_id} ({fingerprint}); embed both with the same embedder"
            )

    def similarity(self, other: "Embedded") -> Vectors:
        """Cosines of all pairs, (len(self), len(other)), [-1, 1]; 0 where there is nothing.

        Raises:
            DataError: Another embedder made the others, or they were padded to another width.
        """
        self.check_same(other.embedder_id, other.fingerprint)
        if self.values.shape[1] != other.values.shape[1]:
            widths = f"{self.values.shape[1]} and {other.values.shape[1]}"
            raise DataError(f"vectors of the widths {widths} can't be compared; pad both alike")
        return self.values @ other.values.T

    def padded(self, width: int = WIDTH) -> "Embedded":
        """The same vectors with zeros at the end; lengths and inner products stay as they are.

        Raises:
            DataError: They are longer than `width`.
        """
        missing = width - self.values.shape[1]
        if missing < 0:
            raise DataError(f"{self.values.shape[1]} numbers don't fit into a width of {width}")
        return replace(self, values=np.pad(self.values, ((0, 0), (0, missing))))


def embed(embedder: "Embedder", texts: Sequence[str]) -> Embedded:
    """Texts as vectors that remember who made them; rows in the order of the texts."""
    return Embedded(
        embedder.encode(texts), embedder.id, embedder.fingerprint, embedder.truncated(texts)
    )
