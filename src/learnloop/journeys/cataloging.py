"""What happens when the catalog changes? It stays sound, and no state outlives what it was made of.

States hold answers by skill, and features what an item is like. Where an item moves to other
skills or is of another kind, difficulty or length now, or where the live model's parameters are the
catalog's own, the stored states are forgotten; each is rebuilt from the log when it is next needed,
so that an answer counts for what its item is now.
"""

from learnloop.catalog import Catalog
from learnloop.core.protocols import Transaction
from learnloop.core.registry import ESTIMATOR, ModelRole
from learnloop.core.types import Item


def put_catalog(tx: Transaction, catalog: Catalog) -> str:
    """Insert or replace courses, skills and items; returns the catalog's new version.

    Raises:
        CatalogError: An unknown skill, a cycle, a wrong answer key, ...: every wrong entry.
    """
    tx.catalog.lock()  # two catalogs that are sound alone may make a circle together
    courses, skills, items = tx.catalog.load()
    catalog.checked(Catalog(tuple(courses), tuple(skills), tuple(items)))
    before = {x.item_id: x for x in items}
    moved = any(_folded(before.get(x.item_id, x)) != _folded(x) for x in catalog.items)
    version = tx.catalog.put(catalog.courses, catalog.skills, catalog.items)
    if moved or tx.models.alias(ESTIMATOR, ModelRole.CHAMPION) is None:
        tx.states.clear()
    return version


def _folded(item: Item) -> tuple[object, ...]:
    """What of an item goes into states."""
    return item.skills, item.kind, item.difficulty_logit, item.expected_seconds
