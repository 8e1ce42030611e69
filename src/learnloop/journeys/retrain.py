"""How does a model get better? Fit anew on the log, compare with the champion, promote or keep.

    snapshot of the log -> learners held out by the hash of their id -> fit -> store
      -> load what was stored -> compare on held-out learners -> gate -> one change of an alias

The challenger is stored before it is judged, because what is judged has to be what would serve; it
plays no role until the gate lets it. Storing is one transaction and promoting another, so a process
that is killed anywhere leaves the champion where it was, and at most a version that nobody asks,
which `registry.collect` clears away.

The `training` package has the parts: `past.py` (the two sides), `gate.py` (the ruling),
`retraining.py` (the report), `card.py`, `golden.py`; `contenders.py` fits and asks the models.
"""

from collections.abc import Callable
from dataclasses import asdict, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from pydantic import BaseModel

from learnloop.core.answers import STUDY
from learnloop.core.artifact import Artifact
from learnloop.core.errors import InvalidInput
from learnloop.core.protocols import Store, Transaction
from learnloop.core.random import derive_rng
from learnloop.core.records import AuditEntry
from learnloop.core.registry import ModelRole
from learnloop.core.time import to_us
from learnloop.core.types import Floats, Ref
from learnloop.features.log import frame_of
from learnloop.features.statistics import ItemStatistics
from learnloop.journeys.contenders import (
    Contender,
    Made,
    Material,
    contender,
    finished,
    first_and_last,
    from_catalog,
)
from learnloop.journeys.live import Live, every_interaction
from learnloop.journeys.registry import artifact_of, give_role, store_artifact
from learnloop.journeys.statistics import STATISTICS_FILE
from learnloop.models.index import MODELS
from learnloop.monitoring.baseline import to_json
from learnloop.training.audit import Audit
from learnloop.training.card import Facts, card
from learnloop.training.findings import Finding, Verdict
from learnloop.training.gate import HeldOut, Rules, Ruling, rule
from learnloop.training.leaks_in_prediction import prediction_findings
from learnloop.training.past import Past
from learnloop.training.retraining import Report, Side, sides
from learnloop.training.snapshot import answer_log

ACTOR: Final = "retrain"
ATTEMPT: Final = "attempt"
BASELINE_FILE: Final = "baseline.json"
CARD_FILE: Final = "CARD.md"
SAME: Final = 1e-4
"""How far what was stored may answer from what was fitted; networks lose as much on export."""

Say = Callable[[str], None]


class Plan(BaseModel, frozen=True, extra="forbid"):
    """What a retraining is asked to do.

    Attributes:
        window: Learn from and judge by answers of this long only; None: all.
        incremental: Go on from the champion's checkpoint, where the model can.
        margin: How much better it has to be, relative in log loss; None: the model's own.
        dry_run: Change nothing: store no version, give no role.
    """

    window: timedelta | None = None
    incremental: bool = False
    margin: float | None = None
    dry_run: bool = False


def retrain(
    live_of: Callable[[Transaction], Live],
    store: Store,
    name: str,
    plan: Plan | None = None,
    say: Say = lambda what: None,
) -> Report:
    """Fit a model anew and let it take over if it is better.

    Args:
        live_of: Catalog and clock, as of a transaction.
        store: Read in one transaction, written to in two others.
        name: Of a model in `models.index`.
        plan: What to do; None = the defaults.
        say: Told what is being done.

    Raises:
        InvalidInput: There is no such model, or the window is no time.
        DataError: There is too little to fit from, or nobody to judge by.
        ArtifactError: The champion's files are not those that were stored.
        StoreUnavailable: The database can't take the work now; nothing was promoted.
    """
    plan = plan or Plan()
    return _Retraining(live_of, store, contender(name), plan, say).run()


class _Retraining:
    """One retraining, step by step."""

    def __init__(
        self,
        live_of: Callable[[Transaction], Live],
        store: Store,
        model: Contender,
        plan: Plan,
        say: Say,
    ) -> None:
        if plan.window is not None and plan.window <= timedelta(0):
            raise InvalidInput("window: give a time, e.g. 90d", field="window")
        margin = model.margin if plan.margin is None else plan.margin
        self.rules = Rules(margin=margin)
        self._live_of, self._store, self._model = live_of, store, model
        self._plan, self._say = plan, say
        self.notes: list[str] = []

    def run(self) -> Report:
        self._say("reading the log")
        with self._store.begin(write=False) as tx:
            self._live = self._live_of(tx)
            self._begun = self._live.clock.now()
            self._champion = self._champion_of(tx)
            self._attempt = self._attempt_of(tx)
            self._given = given = self._material(tx)
        held_out = HeldOut(given.past.learner, given.past.correct, given.past.groups(self._courses))
        self._say("fitting on the training learners")
        parent = self._parent()
        made = self._model.fit(given, given.at.strftime("%Y-%m-%dT%H%M%S.%fZ"), parent)
        self._say("predicting the held-out learners")
        fitted = self._model.ask(made.artifact, given)
        made = replace(made, artifact=self._told(made, held_out, fitted, parent))
        self._say("storing, and loading what was stored")
        stored = self._stored(made)
        said = self._model.ask(stored, given)
        self._say("comparing with the champion")
        best_ref, best = self._asked_champion()
        audit = self._audit(stored, fitted, said)
        rng = derive_rng(given.seed, "gate", given.past.sha256)
        ruling = rule(held_out, said, best, audit, rng, self.rules, attempt=self._attempt)
        promoted, because = self._settle(stored.ref, ruling)
        both = self._sides(held_out, (stored.ref, best_ref), (said, best))
        return self._report(held_out, both, ruling, promoted, because, parent is not None)

    # --- what there is --------------------------------------------------------------------------

    def _champion_of(self, tx: Transaction) -> Artifact | None:
        ref = tx.models.alias(self._model.slot, ModelRole.CHAMPION)
        return None if ref is None else artifact_of(tx, ref)

    def _attempt_of(self, tx: Transaction) -> int:
        """Which challenger of this champion it is: each has to be surer than the one before."""
        since, mine = datetime.min.replace(tzinfo=self._begun.tzinfo), None
        if self._champion is not None:
            mine = self._champion.ref
            changes = tx.models.changes(self._model.slot, 10_000)
            took = [c.at for c in changes if c.role is ModelRole.CHAMPION and c.ref == mine]
            since = max(took, default=since)
        names = {name for name, module in MODELS.items() if self._model.slot == module.SLOT}
        before = (
            int(record.metrics.get(ATTEMPT, 0))
            for record in tx.models.list()
            if record.ref.name in names and record.created_at >= since and record.ref != mine
        )
        return 1 + max(before, default=0)

    def _material(self, tx: Transaction) -> Material:
        live, window = self._live, self._plan.window
        events: pl.DataFrame | None = None
        statistics: dict[Ref, ItemStatistics] = {}
        if self._model.goes_on:
            history = list(every_interaction(tx))
            events, log = frame_of(history), answer_log(history, live.items)
            if self._champion is not None and self._champion.manifest.features is not None:
                ref = Ref.parse(self._champion.manifest.features)
                kept = artifact_of(tx, ref).file(STATISTICS_FILE)
                statistics[ref] = ItemStatistics.load(kept)
        else:
            log = answer_log(every_interaction(tx), live.items)
        since = None if window is None else to_us(self._begun - window)
        past = Past.of(log, since)
        return Material(self._begun, live.seed, live.items, past, events, statistics)

    @property
    def _courses(self) -> tuple[str | None, ...]:
        return tuple(item.course_id for item in self._live.items.items)

    def _parent(self) -> Artifact | None:
        if not self._plan.incremental:
            return None
        if not self._model.goes_on:
            self.notes.append(f"{self._model.name} is fitted in one pass: there is no checkpoint "
                              "to go on from, so it was fitted anew.")  # fmt: skip
            return None
        if self._champion is None or self._champion.manifest.kind != self._model.name:
            self.notes.append("There is no earlier version to go on from, so it was fitted anew.")
            return None
        return self._champion

    # --- the challenger -------------------------------------------------------------------------

    def _told(
        self, made: Made, held_out: HeldOut, fitted: Floats, parent: Artifact | None
    ) -> Artifact:
        """The artifact, with its figures, its card and what its data looked like."""
        given, artifact = self._given, made.artifact
        (side,) = self._sides(held_out, (artifact.ref,), (fitted,))
        figures = {name: x for name, x in side.figures.items() if np.isfinite(x).all()}
        training = given.past.training
        config = dict(artifact.manifest.config) or _plain(MODELS[self._model.name].Config())
        first_at, last_at = first_and_last(training)
        facts = Facts(
            ref=artifact.ref,
            what=str(MODELS[self._model.name].__doc__).strip().splitlines()[0],
            made_at=given.at,
            snapshot=given.past.sha256,
            n_learners=len(training.learner_ids),
            n_answers=int((training.correct != STUDY).sum()),
            first_at=first_at,
            last_at=last_at,
            n_judged_learners=len(np.unique(held_out.learner)),
            n_judged=len(held_out.correct),
            figures=figures,
            config=config,
            notes=self.notes,
        )
        baseline = to_json(self._model.baseline(made, given, fitted))
        files = {CARD_FILE: card(facts).encode(), BASELINE_FILE: baseline}
        counts = {
            "n_answers": facts.n_answers,
            "n_learners": facts.n_learners,
            "n_judged": facts.n_judged,
            ATTEMPT: self._attempt,
        }
        metrics = {name: (float(n), float(n), float(n)) for name, n in counts.items()}
        return finished(
            artifact,
            files,
            snapshot=given.past.sha256,
            config=config,
            parent=None if parent is None else parent.ref,
            metrics={**{name: tuple(x) for name, x in figures.items()}, **metrics},
        )

    def _stored(self, made: Made) -> Artifact:
        """What was stored, read again from where it lies; in a dry run, from its bytes."""
        if self._plan.dry_run:
            encoded = made.artifact.manifest.encode()
            return Artifact(
                type(made.artifact.manifest).decode(encoded), made.artifact.files
            ).checked()
        with self._store.begin() as tx:
            for artifact in made.beside:
                if tx.models.get(artifact.ref) is None:
                    store_artifact(tx, artifact)
            store_artifact(tx, made.artifact)
        with self._store.begin(write=False) as tx:
            return artifact_of(tx, made.artifact.ref)

    # --- the comparison -------------------------------------------------------------------------

    def _asked_champion(self) -> tuple[Ref, Floats]:
        champion = self._champion
        if champion is None:
            return from_catalog(self._given)
        if champion.manifest.snapshot is None:
            self.notes.append(f"{champion.ref} was fitted on the judged learners too, which makes "
                              "it look better here than it is.")  # fmt: skip
        return champion.ref, contender(champion.manifest.kind).ask(champion, self._given)

    def _audit(self, stored: Artifact, fitted: Floats, said: Floats) -> Audit:
        past = self._given.past
        shared = set(past.training.learner_ids) & set(past.held_out.learner_ids)
        off = float(np.abs(said - fitted).max(initial=0.0))
        findings = [
            _finding("learner_on_both_sides", not shared, f"{len(shared)} learners are on both"),
            _finding("what_was_stored", off <= SAME, f"what was stored is off by {off:.2g}"),
        ]
        if len(past.held_out):
            rng = derive_rng(self._given.seed, "audit", past.sha256)
            predict = self._model.predictor(stored, self._given)
            findings += prediction_findings(predict, past.held_out, rng)
        return Audit(tuple(findings))

    def _sides(
        self, held_out: HeldOut, refs: tuple[Ref, ...], said: tuple[Floats, ...]
    ) -> tuple[Side, ...]:
        return sides(held_out, refs, said, derive_rng(self._given.seed, "figures"))

    # --- what now -------------------------------------------------------------------------------

    def _settle(self, ref: Ref, ruling: Ruling) -> tuple[bool, str]:
        """Promote or keep, in one transaction; whether it was promoted, and why."""
        if self._plan.dry_run:
            verdict = "would be promoted" if ruling.promote else "would be kept out"
            return False, f"a dry run; {verdict}: {ruling.because}"
        slot, because = self._model.slot, ruling.because
        with self._store.begin() as tx:
            now = tx.models.alias(slot, ModelRole.CHAMPION)
            promote = ruling.promote and now == (self._champion.ref if self._champion else None)
            if ruling.promote and not promote:
                because = f"{now} became the champion meanwhile; retrain again to compare with it"
            if promote:
                clock, role = self._live.clock, ModelRole.CHAMPION
                give_role(tx, clock, slot, role, ref, actor=ACTOR, reason=because)
            gain = ruling.intervals["all"].point if ruling.intervals else 0.0
            at, action = self._live.clock.now(), "model.promote" if promote else "model.keep"
            detail: dict[str, str | int | float] = {"slot": slot, "gain": gain}
            tx.audit.append(AuditEntry(at, ACTOR, action, f"model:{ref}", detail))
        return promote, because

    def _report(
        self,
        held_out: HeldOut,
        both: tuple[Side, ...],
        ruling: Ruling,
        promoted: bool,
        because: str,
        went_on: bool,
    ) -> Report:
        given, plan, training = self._given, self._plan, self._given.past.training
        window = None if plan.window is None else plan.window / timedelta(days=1)
        return Report(
            slot=self._model.slot,
            at=given.at,
            promoted=promoted,
            because=because,
            stored=not plan.dry_run,
            challenger=both[0],
            champion=both[1],
            ruling=ruling,
            snapshot=given.past.sha256,
            n_answers=int((training.correct != STUDY).sum()),
            n_learners=len(training.learner_ids),
            n_judged=len(held_out.correct),
            n_judged_learners=len(np.unique(held_out.learner)),
            window_days=window,
            went_on=went_on,
            groups={
                name: (len(np.unique(held_out.learner[rows])), int(rows.sum()))
                for name, rows in held_out.groups.items()
            },
            seconds=(self._live.clock.now() - self._begun).total_seconds(),
            notes=tuple(self.notes),
        )


def _finding(check: str, passed: bool, message: str) -> Finding:
    return Finding(check, Verdict.PASSED if passed else Verdict.FAILED, message)


def _plain(config: Any) -> dict[str, Any]:
    if is_dataclass(config) and not isinstance(config, type):
        return asdict(config)
    found: dict[str, Any] = config.model_dump(mode="json")
    return found
