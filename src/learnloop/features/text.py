"""What is an item about, as a vector? Its text, embedded once per catalog and embedder.

The right answer and the hints are left out: what can be computed from the vector may be shown to
learners.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from learnloop.core.embedding import Embedded, Vectors, embed
from learnloop.core.errors import DataError
from learnloop.core.ids import ItemId
from learnloop.core.protocols import Embedder
from learnloop.core.types import Item
from learnloop.features.definitions.vectors import TEXT_EMBEDDING


@dataclass(frozen=True, slots=True, eq=False)
class TextVectors:
    """`content_text_embedding` of the items of a catalog.

    Attributes:
        row_of: Item id -> row.
        embedded: (n_items, width), with the name of the embedder.
    """

    row_of: Mapping[ItemId, int]
    embedded: Embedded

    @property
    def version(self) -> str:
        """Says which vectors may be read together: feature, version, embedder, fingerprint."""
        feature, made = TEXT_EMBEDDING, self.embedded
        return f"{feature.name}-{feature.since}/{made.embedder_id}/{made.fingerprint}"

    def check_version(self, version: str) -> None:
        """Refuse to give vectors to a model that was trained on others.

        Raises:
            DataError: The model was trained on vectors of another version.
        """
        if version != self.version:
            raise DataError(f"trained on {version}, but these vectors are {self.version}")

    def of(self, item_ids: Sequence[ItemId]) -> Vectors:
        """(n, width) float32; all 0 for an item that is not known."""
        rows = np.array([self.row_of.get(item_id, -1) for item_id in item_ids], dtype=np.int64)
        found = np.zeros((len(rows), self.embedded.values.shape[1]), dtype=np.float32)
        found[rows >= 0] = self.embedded.values[rows[rows >= 0]]
        return found


def text_vectors(items: Iterable[Item], embedder: Embedder) -> TextVectors:
    """The vectors of items; a `CachedEmbedder` reads only the texts that are new."""
    listed = list(items)
    made = embed(embedder, [text_of(item) for item in listed]).padded(TEXT_EMBEDDING.width)
    made.values.flags.writeable = False
    return TextVectors({item.item_id: row for row, item in enumerate(listed)}, made)


def text_of(item: Item) -> str:
    """What a learner reads before answering."""
    return "\n".join(part for part in (item.title, item.text, *item.choices) if part)
