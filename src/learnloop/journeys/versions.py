"""Which versions are there, which of two is better, and who is to answer? For those who run it.

`registry.py` has the rules of storing, roles and going back; here they are asked for by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from learnloop.core.answers import STUDY
from learnloop.core.artifact import Manifest
from learnloop.core.errors import ArtifactError, DataError, InvalidInput, NotFound
from learnloop.core.protocols import Clock, Store, Transaction
from learnloop.core.random import derive_rng
from learnloop.core.registry import ESTIMATOR, Alias, AliasChange, ModelRole
from learnloop.core.types import Ref
from learnloop.journeys import material
from learnloop.journeys.contenders import contender, slot_of
from learnloop.journeys.live import Live
from learnloop.journeys.registry import artifact_of, give_role
from learnloop.metrics import Interval, resample
from learnloop.metrics.bootstrap import METRICS
from learnloop.training.dataset import read_dataset

CARD_FILE: Final = "CARD.md"
N_CHANGES: Final = 20
SMALL_SHARE: Final = 0.1
"""Of the learners that a challenger gets where no share is named."""


@dataclass(frozen=True, slots=True)
class Details:
    """All about one version.

    Attributes:
        problem: Why it can't be loaded; None where it can.
        roles: Those that it plays now.
        history: The last changes of who plays which role in its slot, newest first.
        card: The model card; empty where there is none.
    """

    ref: Ref
    slot: str
    manifest: Manifest
    problem: str | None
    roles: tuple[Alias, ...]
    history: tuple[AliasChange, ...]
    card: str


def details(tx: Transaction, ref: Ref) -> Details:
    """All about one version.

    Raises:
        NotFound: There is no such version.
        ArtifactError: Its manifest can't be read.
    """
    record = tx.models.get(ref)
    if record is None:
        raise NotFound(f"model: there is no version {ref}", field="model")
    manifest = Manifest.decode(record.manifest)
    slot, problem, card = slot_of(manifest.kind), None, ""
    try:
        artifact = artifact_of(tx, ref)
        card = artifact.files.get(CARD_FILE, b"").decode()
    except ArtifactError as error:
        problem = error.message
    roles = tuple(alias for alias in tx.models.aliases() if alias.ref == ref)
    history = tuple(tx.models.changes(slot, N_CHANGES))
    return Details(ref, slot, manifest, problem, roles, history, card)


def deploy(
    tx: Transaction,
    clock: Clock,
    ref: Ref,
    role: ModelRole = ModelRole.CHAMPION,
    *,
    actor: str,
    reason: str,
    share: float | None = None,
) -> Alias:
    """Give a version a role in its slot, once its files are checked.

    Args:
        share: Of the learners for whom a challenger answers, or a shadow is asked; None: a tenth
            for a challenger, all for a shadow. A champion answers for all the others.

    Raises:
        NotFound: There is no such version.
        ArtifactError: Its files are not those that were stored.
        InvalidInput: The role or the share is none that it can have.
    """
    if tx.models.get(ref) is None:
        raise NotFound(f"model: there is no version {ref}", field="model")
    slot = slot_of(artifact_of(tx, ref).manifest.kind)
    if role is ModelRole.CHAMPION and share not in (None, 1.0):
        raise InvalidInput("share: a champion has none; make it a challenger", field="share")
    if slot == ESTIMATOR and role is not ModelRole.CHAMPION:
        raise InvalidInput(
            f"role: in the slot {ESTIMATOR} one model answers for all; it can only be champion",
            field="role",
        )
    given = share if share is not None else SMALL_SHARE if role is ModelRole.CHALLENGER else 1.0
    give_role(tx, clock, slot, role, ref, actor=actor, reason=reason, share=given)
    return Alias(slot, role, ref, given)


def retire(
    tx: Transaction, clock: Clock, slot: str, role: ModelRole, *, actor: str, reason: str
) -> Ref:
    """Take a role away from the version that plays it; returns which one that was.

    Raises:
        NotFound: Nobody plays that role there.
    """
    ref = tx.models.alias(slot, role)
    if ref is None:
        raise NotFound(f"slot: {slot} has no {role.value}", field="slot")
    give_role(tx, clock, slot, role, None, actor=actor, reason=reason)
    return ref


@dataclass(frozen=True, slots=True)
class Duel:
    """Two versions on the same answers.

    Attributes:
        on: The data: `log`, or the name of a folder.
        n: Answers, of `n_learners` held-out learners.
        figures: Of each version, by name, with 95% intervals by learner.
        differences: Of the first minus the second, paired.
        saw: Versions that were fitted on the judged learners too, as far as that is known.
    """

    a: Ref
    b: Ref
    on: str
    n: int
    n_learners: int
    figures: Mapping[str, Mapping[str, Interval]]
    differences: Mapping[str, Interval]
    saw: tuple[Ref, ...]


def compare(
    live_of: Callable[[Transaction], Live],
    store: Store,
    a: Ref,
    b: Ref,
    data: Path | None = None,
    seed: int = 0,
) -> Duel:
    """Two versions, on held-out learners of the log or of a folder of answers.

    Raises:
        ArtifactError: A version is missing, or its files are not those that were stored.
        InvalidInput: They are not versions of models, or of different slots.
        DataError: The folder can't be read, or there are no held-out answers.
    """
    with store.begin(write=False) as tx:
        both = [artifact_of(tx, ref) for ref in (a, b)]
        if len({slot_of(x.manifest.kind) for x in both}) > 1:
            raise InvalidInput(f"model: {a} and {b} don't fill the same slot", field="model")
        given = material.read(live_of(tx), tx, both)
    if data is None:
        past = given.past
        said = [contender(x.manifest.kind).ask(x, given) for x in both]
        learner, correct, on = past.learner, past.correct, "log"
    else:
        log, on = read_dataset(data).test, data.name
        asked = log.correct != STUDY
        said = [contender(x.manifest.kind).predictor(x, given)(log)[asked] for x in both]
        learner, correct = log.learner[asked], log.correct[asked].astype(np.int64)
    if not len(correct):
        raise DataError(f"{on}: there are no held-out learners with answers to compare on")
    draws = resample(correct, said, learner, derive_rng(seed, "compare"))
    return Duel(
        a,
        b,
        on,
        len(correct),
        len(np.unique(learner)),
        {
            str(x.ref): {name: draws.interval(name, i) for name in METRICS}
            for i, x in enumerate(both)
        },
        {name: draws.difference(name) for name in METRICS},
        tuple(x.ref for x in both if data is None and x.manifest.snapshot is None),
    )
