"""What happens when the catalog changes? It stays sound, and no state outlives what it was made of.

States hold answers by skill. Where an item moves to other skills, or where the live model's
parameters are the catalog's own, the stored states are forgotten; each is rebuilt from the log when
it is next needed, so that an answer counts for the skills its item has now.
"""

from learnloop.catalog import Catalog
from learnloop.core.protocols import Transaction
from learnloop.journeys.fit import CHAMPION


def put_catalog(tx: Transaction, catalog: Catalog) -> str:
    """Insert or replace courses, skills and items; returns the catalog's new version.

    Raises:
        CatalogError: An unknown skill, a cycle, a wrong answer key, ...: every wrong entry.
    """
    tx.catalog.lock()  # two catalogs that are sound alone may make a circle together
    courses, skills, items = tx.catalog.load()
    catalog.checked(Catalog(tuple(courses), tuple(skills), tuple(items)))
    skills_of = {x.item_id: x.skills for x in items}
    moved = any(skills_of.get(x.item_id, x.skills) != x.skills for x in catalog.items)
    version = tx.catalog.put(catalog.courses, catalog.skills, catalog.items)
    if moved or tx.models.alias(CHAMPION) is None:
        tx.states.clear()
    return version
