"""What does this process answer with? What the aliases in the store say, a moment later.

A thread looks four times a second whether an alias has changed; if so it loads what is new and puts
it in the place of what answers, whole. So every server on the same database follows a promotion
within a second. While the database is away, or a version can't be loaded, what answered goes on.
"""

import threading
from asyncio import Future
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import structlog

from learnloop.core.artifact import Artifact, Manifest
from learnloop.core.errors import ArtifactError, InvalidInput
from learnloop.core.ids import ItemId, LearnerId
from learnloop.core.protocols import Clock, Predictor, Store, Transaction
from learnloop.core.registry import Alias, ModelRole
from learnloop.core.time import from_us
from learnloop.core.types import Item, Ref
from learnloop.features.fold import FeatureFold
from learnloop.journeys import states, statistics
from learnloop.journeys.live import Live, learner_of
from learnloop.journeys.registry import artifact_of, earlier_champion, give_role
from learnloop.models import runtime
from learnloop.serving.cache import Cache
from learnloop.serving.guardrail import Breach
from learnloop.serving.live_set import Rule, Slot, SlotPlan
from learnloop.serving.loading import Load, Source, build
from learnloop.serving.orchestrator import ByFeatures, ModelOrchestrator, Observe

POLL_S: Final = 0.25
GUARDRAIL: Final = "guardrail"
"""The actor of a rollback that nobody asked for."""

Results = Iterable[tuple[LearnerId, ItemId, bool]]

_log = structlog.get_logger("learnloop.serving")


class ModelServing:
    """An orchestrator that follows the aliases of a store.

    Args:
        load: The predictor of an artifact, if not that of its kind.
        observe: Told of every answer; see `serving.orchestrator`.
        rules: What answers in a slot when no model can.

    Attributes:
        known: Inputs that were looked up a moment ago; those of a learner are forgotten when the
            learner does something (`learned`).
        problem: Why the aliases can't be followed now; None while they can.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        load: Load | None = None,
        observe: Observe | None = None,
        rules: Mapping[str, Rule] | None = None,
    ) -> None:
        self.orchestrator = ModelOrchestrator(observe=observe, on_breach=self._breached)
        self.known: Cache[Future[ByFeatures]] = Cache()
        self.problem: str | None = None
        self._store = store
        self._clock = clock
        self._load = load or load_predictor
        self._rules = rules
        self._folds: dict[Ref, FeatureFold] = {}
        self._breaches: deque[Breach] = deque()
        self._turn = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Load what is to answer, then follow the aliases until `close`."""
        self._follow()
        self._thread = threading.Thread(target=self._watch, name="learnloop-follow", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Follow no more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def refresh(self) -> bool:
        """Answer as the aliases now say; True where something has changed.

        Raises:
            StoreUnavailable: The database can't be read now; nothing has changed.
        """
        with self._turn:
            before = self.orchestrator.live
            with self._store.begin(write=False) as tx:
                revision = tx.models.revision()
                if revision == before.revision:
                    return False
                live = build(revision, plans(tx), self._source(tx), before, self._clock.now())
            self.orchestrator.swap(live)
        for failure in live.failures:
            _log.error(
                "model_not_loaded",
                slot=failure.slot,
                role=failure.role.value,
                model=str(failure.ref),
                code=failure.code,
                detail=failure.message,
            )
        if live.slots or before.slots:
            _log.info("models_swapped", revision=revision, slots=sorted(live.slots))
        return True

    def learned(self, learner_ids: Iterable[LearnerId], results: Callable[[], Results]) -> None:
        """Look these learners up again, for they did something; tell the guards what they answered.

        Args:
            learner_ids: Of whom something was recorded.
            results: Whose answer to which item was right; asked for only where a guard waits.
        """
        for learner_id in learner_ids:
            self.known.invalidate(learner_id)
        if len(self.orchestrator.awaited):
            for learner_id, item_id, correct in results():
                self.orchestrator.answered(learner_id, item_id, correct)

    def inputs(
        self,
        live: Live,
        tx: Transaction,
        slot: Slot,
        learner_id: LearnerId,
        item_ids: Sequence[ItemId] = (),
    ) -> ByFeatures:
        """What the models of a slot take, from what is known of a learner.

        Args:
            item_ids: What is asked about, a row each; without any, one row that is about no item.

        Raises:
            NotFound: No such learner or item.
            InvalidInput: The slot's models take no features.
        """
        learner_of(tx, learner_id)
        items: list[Item | None] = [live.item(item_id) for item_id in item_ids]
        found = ByFeatures()
        for version in slot.features:
            if version is None or len(slot.inputs) != 1:
                continue
            fold = self._fold(tx, live, Ref.parse(version))
            known = states.features(replace(live, features=fold), tx, learner_id)
            at = max(live.clock.now(), from_us(known.last_us))
            rows = np.array([fold.vector(known.state, at, item) for item in items or [None]])
            spec = slot.inputs[0]
            found[version] = {spec.name: rows.astype(spec.dtype)}
        if not found:
            raise InvalidInput(f"{slot.name} takes no features: send inputs", field="userId")
        return found

    def _source(self, tx: Transaction) -> Source:
        def check(features: str) -> None:
            self._fold_of(tx, Ref.parse(features))

        return Source(lambda ref: artifact_of(tx, ref), self._load, check, constants, self._rules)

    def _fold(self, tx: Transaction, live: Live, ref: Ref) -> FeatureFold:
        return live.features if ref == live.features.ref else self._fold_of(tx, ref)

    def _fold_of(self, tx: Transaction, ref: Ref) -> FeatureFold:
        """Features with the item statistics that a model was trained on.

        Raises:
            FeatureMismatch: They are of other definitions than these here.
        """
        if ref not in self._folds:
            self._folds[ref] = statistics.features_of(tx, ref)
        return self._folds[ref]

    def _breached(self, breach: Breach) -> None:
        _log.error(
            "challenger_worse",
            slot=breach.slot,
            model=str(breach.challenger),
            guard=breach.guard,
            n=breach.n,
        )
        self._breaches.append(breach)

    def _watch(self) -> None:
        while not self._stopped.wait(POLL_S):
            self._follow()

    def _follow(self) -> None:
        """One turn of the thread, which nothing may end."""
        try:
            self._take_back()
            self.refresh()
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            if problem != self.problem:
                _log.error("models_not_followed", detail=problem)
            self.problem = problem
        else:
            self.problem = None

    def _take_back(self) -> None:
        """Take the role from challengers that are worse, if they still have it."""
        while self._breaches:
            breach, role = self._breaches[0], ModelRole.CHALLENGER
            with self._store.begin() as tx:
                if tx.models.alias(breach.slot, role) == breach.challenger:
                    slot, why = breach.slot, breach.reason
                    give_role(tx, self._clock, slot, role, None, actor=GUARDRAIL, reason=why)
            self._breaches.popleft()


def load_predictor(artifact: Artifact) -> Predictor:
    """The predictor of an artifact, by its kind; a plain ONNX file where the kind is unknown.

    Raises:
        ArtifactError: It is not what it should be.
    """
    from learnloop.models.index import PREDICTORS  # noqa: PLC0415 - brings every model

    module = PREDICTORS.get(artifact.manifest.kind)
    return runtime.load(artifact) if module is None else module.load(artifact)


def constants(kind: str) -> Mapping[str, float]:
    """What models of a kind say when none can be asked, by output."""
    from learnloop.models.index import PREDICTORS  # noqa: PLC0415 - brings every model

    module = PREDICTORS.get(kind)
    return {} if module is None else module.RULE


def plans(tx: Transaction) -> dict[str, SlotPlan]:
    """Which versions each slot is to have, as the aliases say; slots of predictors alone."""
    slots: dict[str, dict[ModelRole, Alias]] = {}
    for alias in tx.models.aliases():
        slots.setdefault(alias.slot, {})[alias.role] = alias
    found = {}
    for name, roles in slots.items():
        champion = roles.get(ModelRole.CHAMPION)
        if champion is None or not _is_predictor(tx, champion.ref):
            continue
        challenger, shadow = (roles.get(r) for r in (ModelRole.CHALLENGER, ModelRole.SHADOW))
        found[name] = SlotPlan(
            champion.ref,
            None if challenger is None else challenger.ref,
            0.0 if challenger is None else challenger.share,
            None if shadow is None else shadow.ref,
            earlier_champion(tx, name),
        )
    return found


def _is_predictor(tx: Transaction, ref: Ref) -> bool:
    """Does it take arrays and give arrays? If that can't be read, loading it will say so."""
    record = tx.models.get(ref)
    try:
        return record is None or bool(Manifest.decode(record.manifest).outputs)
    except ArtifactError:
        return True
