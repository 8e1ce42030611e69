"""Which calibrated items is a test chosen from? Those of the model `irt`, for the whole catalog.

The champion where it is an `irt`, else the newest version that is kept, else the authored
difficulties. What a calibration has not seen is as its fallback says, with all of its doubt, so
such an item counts for less.
"""

import numpy as np

from learnloop.core.bank import ItemBank
from learnloop.core.items import ItemTable
from learnloop.core.protocols import Transaction
from learnloop.core.registry import ESTIMATOR, ModelRole
from learnloop.core.types import Ref
from learnloop.journeys.live import Live
from learnloop.journeys.registry import artifact_of
from learnloop.models import irt
from learnloop.training.golden import MODEL_FILE

Bank = tuple[Ref, ItemBank]
_latest: tuple[Ref | None, ItemTable, Bank] | None = None


def item_bank(live: Live, tx: Transaction) -> Bank:
    """The bank of the catalog, and the version of the model that it is from.

    The latest one is kept: it changes with a fit or with the catalog, not with a request.

    Raises:
        ArtifactError: The model's files are not those that were stored.
    """
    global _latest  # noqa: PLW0603 - a memo of one entry; replaced whole, so threads can't mix it up
    ref, kept = _calibration(tx), _latest
    if kept is not None and kept[0] == ref and kept[1] is live.items:
        return kept[2]
    if ref is None:
        model = irt.from_catalog(live.items, version=f"catalog-{live.items.version}")
        bank = model.bank
    else:
        model = irt.load(artifact_of(tx, ref).file(MODEL_FILE))
        bank = _of_catalog(model, live.items)
    found = (model.ref, bank)
    _latest = (ref, live.items, found)
    return found


def _calibration(tx: Transaction) -> Ref | None:
    champion = tx.models.alias(ESTIMATOR, ModelRole.CHAMPION)
    if champion is not None and champion.name == irt.NAME:
        return champion
    return next((x.ref for x in tx.models.list() if x.ref.name == irt.NAME), None)


def _of_catalog(model: irt.IrtModel, items: ItemTable) -> ItemBank:
    book = model.book
    columns = np.empty((4, len(items)))
    for i, item in enumerate(items.items):
        row = book.bank.row_of.get(item.item_id)
        if row is None:
            curve = book.curve(item, model.config)
            own = (book.discrimination, curve.difficulty, curve.guessing, curve.stddev)
        else:
            bank = book.bank
            own = (
                float(bank.discrimination[row]),
                float(bank.difficulty[row]),
                float(bank.guessing[row]),
                float(bank.difficulty_stddev[row]),
            )
        columns[:, i] = own
    return ItemBank(tuple(item.item_id for item in items.items), *columns)
