"""Is an item's vector that of what learners read?"""

import numpy as np
import pytest

from learnloop.core.embedding import WIDTH
from learnloop.core.errors import DataError
from learnloop.core.ids import ItemId
from learnloop.core.types import Item
from learnloop.features.definitions import FEATURES
from learnloop.features.definitions.vectors import VECTOR_FEATURES
from learnloop.features.text import text_vectors
from learnloop.models.language.embed_hashing import HashingConfig, HashingEmbedder

LINE = Item(ItemId("line"), title="Lines", text="What is the slope of y = 3x + 2?")
SLOPE = Item(ItemId("slope"), text="Find the slope of the line y = 4x", choices=("4", "x"))
CELL = Item(ItemId("cell"), text="What does the cell membrane do?")
BARE = Item(ItemId("bare"))
ITEMS = (LINE, SLOPE, CELL, BARE)


def test_items_about_the_same_are_nearer() -> None:
    found = text_vectors(ITEMS, HashingEmbedder())
    line, slope, cell, bare, unknown = found.of([*(i.item_id for i in ITEMS), ItemId("?")])
    assert line @ slope > line @ cell
    assert not bare.any()
    assert not unknown.any()
    assert line.shape == (WIDTH,)
    assert line.dtype == np.float32


def test_answers_and_hints_are_not_in_the_vector() -> None:
    told = Item(LINE.item_id, title=LINE.title, text=LINE.text, answer="three", hints=("rise",))
    one, other = (text_vectors([item], HashingEmbedder()) for item in (LINE, told))
    assert one.of([LINE.item_id]).tobytes() == other.of([LINE.item_id]).tobytes()


def test_a_model_of_other_vectors_is_refused() -> None:
    ours = text_vectors(ITEMS, HashingEmbedder())
    short = text_vectors(ITEMS, HashingEmbedder(HashingConfig(dim=64)))
    ours.check_version(text_vectors(ITEMS[:1], HashingEmbedder()).version)
    assert short.of([LINE.item_id]).shape == (1, WIDTH)
    with pytest.raises(DataError, match="hashing-64"):
        ours.check_version(short.version)


def test_the_vectors_are_frozen() -> None:
    with pytest.raises(ValueError, match="read-only"):
        text_vectors(ITEMS, HashingEmbedder()).embedded.values[0, 0] = 1.0


def test_an_embedder_that_is_too_wide_is_refused() -> None:
    with pytest.raises(DataError, match="769"):
        text_vectors(ITEMS, HashingEmbedder(HashingConfig(dim=769)))


def test_vector_features_have_names_of_their_own() -> None:
    names = [f.name for f in (*FEATURES, *VECTOR_FEATURES)]
    assert len(set(names)) == len(names)
    assert all(f.since >= 1 and f.width > 0 and f.meaning.endswith(".") for f in VECTOR_FEATURES)
