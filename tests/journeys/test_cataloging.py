"""Does the catalog stay sound when two change it at the same time?"""

import threading
from collections.abc import Callable

import pytest

from learnloop.catalog import Catalog
from learnloop.core.errors import CatalogError
from learnloop.core.ids import SkillId
from learnloop.core.types import Skill
from learnloop.journeys.cataloging import put_catalog
from tests.journeys.worlds import small_world

A, B = SkillId("a"), SkillId("b")


def needs(skill: SkillId, *prerequisites: SkillId) -> Catalog:
    return Catalog(skills=(Skill(skill, skill, prerequisites),))


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
def test_two_sound_catalogs_make_no_circle_together(
    kind: str, fresh_url: Callable[[str], str]
) -> None:
    engine = small_world(fresh_url(kind))
    engine.put_catalog(Catalog(skills=needs(A).skills + needs(B).skills))
    refused: list[CatalogError] = []
    began = threading.Event()

    def second() -> None:
        began.set()
        try:
            engine.put_catalog(needs(B, A))
        except CatalogError as error:
            refused.append(error)

    other = threading.Thread(target=second)
    with engine.store.begin() as tx:
        put_catalog(tx, needs(A, B))
        other.start()
        began.wait()
        other.join(timeout=0.3)  # it looks, if it looks without waiting its turn
    other.join()
    assert len(refused) == 1
    assert "circle" in refused[0].message
    with engine.store.begin(write=False) as tx:
        found = {s.skill_id: s.prerequisites for s in tx.catalog.load()[1]}
    assert (found[A], found[B]) == ((B,), ())
    engine.close()
