"""Which features are vectors? What is said of them; `features/text.py` computes them."""

from dataclasses import dataclass

from learnloop.core.embedding import WIDTH
from learnloop.features.definition import Family


@dataclass(frozen=True, slots=True)
class VectorFeature:
    """Many numbers that are meant to be read together.

    Attributes:
        width: How many numbers.
        since: The first version of the feature set that has it.
    """

    name: str
    family: Family
    width: int
    meaning: str
    since: int = 1

    dtype = "float32"
    unit = "1"
    low = -1.0
    high = 1.0
    default = 0.0


TEXT_EMBEDDING = VectorFeature(
    "content_text_embedding",
    Family.ITEM,
    WIDTH,
    "What the item's title, text and choices are about; inner products are cosines. All 0 where "
    "the item is not known or has no text.",
)

VECTOR_FEATURES: tuple[VectorFeature, ...] = (TEXT_EMBEDDING,)
