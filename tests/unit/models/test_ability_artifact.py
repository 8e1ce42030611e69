"""An artifact reads back bit for bit, and a damaged or foreign one is refused."""

import json

import numpy as np
import pytest
from tests.unit.models.ability_worlds import fold

from learnloop.core.errors import ArtifactError
from learnloop.core.items import ItemTable
from learnloop.core.time import from_us
from learnloop.models import ability
from learnloop.models.ability import AbilityModel


def test_what_was_exported_predicts_the_same_bits(model: AbilityModel, items: ItemTable) -> None:
    again = ability.load(model.export())
    state, at_us = fold(model, items, [(3, 1, 60), (4, 0, 60), (3, 1, 90), (27, 1, 5)])
    assert fold(again, items, [(3, 1, 60), (4, 0, 60), (3, 1, 90), (27, 1, 5)])[0] == state
    one, two = (m.predict(state, items, from_us(at_us)) for m in (model, again))
    assert one.values.tobytes() == two.values.tobytes()
    assert again.ref == model.ref
    assert again.export() == model.export()


def test_every_flipped_bit_is_noticed(fitted: AbilityModel) -> None:
    good = fitted.export()
    rng = np.random.default_rng(0)
    for at, bit in zip(rng.integers(0, len(good), 300), rng.integers(0, 8, 300), strict=True):
        bad = bytearray(good)
        bad[at] ^= 1 << int(bit)
        with pytest.raises(ArtifactError):
            ability.load(bytes(bad))


@pytest.mark.parametrize("bad", [b"", b"{}", b"[1]", b"\x00\xff", b"null", b'{"format": 1}'])
def test_what_is_no_artifact_is_refused(bad: bytes) -> None:
    with pytest.raises(ArtifactError):
        ability.load(bad)


def test_a_later_format_is_refused_by_name(fitted: AbilityModel) -> None:
    later = json.loads(fitted.export()) | {"format_version": 99}
    with pytest.raises(ArtifactError, match="99"):
        ability.load(json.dumps(later).encode())


def test_a_cut_file_is_refused(fitted: AbilityModel) -> None:
    good = fitted.export()
    for size in (1, len(good) // 2, len(good) - 1):
        with pytest.raises(ArtifactError):
            ability.load(good[:size])
