"""How does a model get better? Fit anew on the log, compare with the champion, promote or keep.

    snapshot of the log -> learners held out by the hash of their id -> fit -> store
      -> load what was stored -> compare on held-out learners -> gate -> one change of an alias

The challenger is stored before it is judged, because what is judged has to be what would serve; it
plays no role until the gate lets it. Storing is one transaction and promoting another, so a process
that is killed anywhere leaves the champion where it was, and at most a version that nobody asks,
which `registry.collect` clears away.

`material.py` reads the log and `contenders` fits and asks the models; of the `training` package,
`past.py` has the two sides, `gate.py` the ruling, `retraining.py` the report.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from pydantic import BaseModel

from learnloop.core.answers import STUDY
from learnloop.core.artifact import Artifact, Manifest
from learnloop.core.errors import InvalidInput
from learnloop.core.protocols import Store, Transaction
from learnloop.core.random import derive_rng
from learnloop.core.records import AuditEntry
from learnloop.core.registry import ModelRole
from learnloop.core.time import from_us
from learnloop.core.types import Floats, Ref
from learnloop.journeys import material
from learnloop.journeys.contenders import (
    Contender,
    Made,
    contender,
    fit,
    slot_of,
)
from learnloop.journeys.live import Live
from learnloop.journeys.material import Material
from learnloop.journeys.monitor.report import BASELINE_FILE
from learnloop.journeys.registry import MANY, artifact_of, give_role, store_artifact
from learnloop.metrics import Interval
from learnloop.monitoring.baseline import to_json
from learnloop.training.audit import Audit
from learnloop.training.card import Facts, card, libraries
from learnloop.training.executor import Executor
from learnloop.training.findings import Finding, Verdict
from learnloop.training.gate import ALL, HeldOut, Rules, Ruling, rule
from learnloop.training.leaks_in_prediction import prediction_findings
from learnloop.training.retraining import Report, Side, sides

ACTOR: Final = "retrain"
ATTEMPT: Final = "attempt"
CARD_FILE: Final = "CARD.md"
SAME: Final = 1e-4
"""How far what was stored may answer from what was fitted; networks lose as much on export."""
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

Say = Callable[[str], None]


class Plan(BaseModel, frozen=True, extra="forbid"):
    """What a retraining is asked to do.

    Attributes:
        window: Learn from and judge by answers of this long only; None: all.
        incremental: Go on from the champion's checkpoint, where the model can.
        margin: How much better it has to be, relative in log loss; None: the model's own.
        promote: Let it take over if the gate says so; without, it is stored and plays no role.
        dry_run: Change nothing: store no version, give no role.
    """

    window: timedelta | None = None
    incremental: bool = False
    margin: float | None = None
    promote: bool = True
    dry_run: bool = False


def retrain(
    live_of: Callable[[Transaction], Live],
    store: Store,
    name: str,
    plan: Plan | None = None,
    say: Say = lambda what: None,
    executor: Executor | None = None,
) -> Report:
    """Fit a model anew and let it take over if it is better.

    Args:
        live_of: Catalog and clock, as of a transaction.
        store: Read in two transactions, written to in two others.
        name: Of a model in `models.index`.
        plan: What to do; None = the defaults.
        say: Told what is being done.
        executor: Where the fit runs, e.g. on a Ray cluster; None: here.

    Raises:
        InvalidInput: There is no such model, or the window or the margin is none.
        DataError: There is too little to fit from.
        ArtifactError: The champion's files are not those that were stored.
        StoreUnavailable: The database can't take the work now; nothing was promoted.
    """
    plan, model = plan or Plan(), contender(name)
    if plan.window is not None and plan.window <= timedelta(0):
        raise InvalidInput("window: give a time, e.g. 90d", field="window")
    rules = Rules(margin=model.margin if plan.margin is None else plan.margin)
    say("reading the log")
    begun = _begin(live_of, store, model, plan)
    say("fitting on the training learners")
    made = fit(model, begun.given, _version(begun.given), begun.parent, executor)
    say("predicting the held-out learners")
    fitted = model.ask(made.artifact, begun.given)
    made = replace(made, artifact=_told(begun, made, fitted))
    say("storing, and loading what was stored")
    stored = _checked(made.artifact) if plan.dry_run else _stored(store, made)
    said = model.ask(stored, begun.given)
    say("comparing with the champion")
    best_ref, best = _champions_word(begun)
    audit, rng = _audit(begun, stored, fitted, said), _chance(begun, "gate")
    ruling = rule(begun.held_out, said, best, audit, rng, rules, attempt=begun.attempt)
    both = sides(begun.held_out, (stored.ref, best_ref), (said, best), _chance(begun, "figures"))
    if plan.dry_run:
        verdict = "would be promoted" if ruling.promote else "would be kept out"
        promoted, because = False, f"a dry run; {verdict}: {ruling.because}"
    else:
        promoted, because = _settle(store, begun, stored.ref, ruling)
    return _report(begun, both, ruling, promoted, because)


# --- what there is ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """A retraining for which everything was read.

    Attributes:
        champion: None where nobody has answered yet: the model of the catalog is to be beaten.
        parent: Whose checkpoint the fit goes on from.
        attempt: Which challenger of this champion it is: each has to be surer than the one before.
        notes: What people should know; grows.
    """

    model: Contender
    plan: Plan
    live: Live
    given: Material
    held_out: HeldOut
    champion: Artifact | None
    parent: Artifact | None
    attempt: int
    notes: list[str] = field(default_factory=list)


def _begin(
    live_of: Callable[[Transaction], Live], store: Store, model: Contender, plan: Plan
) -> _Begun:
    with store.begin(write=False) as tx:
        live = live_of(tx)
        ref = tx.models.alias(model.slot, ModelRole.CHAMPION)
        champion = None if ref is None else artifact_of(tx, ref)
        attempt = _attempt(tx, model.slot, ref)
        asked = () if champion is None else (champion,)
        given = material.read(live, tx, asked, of_features=model.of_features, window=plan.window)
    given = model.judging(given)
    past = given.past
    held_out = HeldOut(past.learner, past.correct, past.groups(given.courses))
    parent, notes = None, []
    if plan.incremental and not model.goes_on:
        notes.append(f"{model.name} does not go on from an earlier version, so it was fitted anew.")
    elif plan.incremental and (champion is None or champion.manifest.kind != model.name):
        notes.append("There is no earlier version to go on from, so it was fitted anew.")
    elif plan.incremental:
        parent = champion
    return _Begun(model, plan, live, given, held_out, champion, parent, attempt, notes)


def _attempt(tx: Transaction, slot: str, champion: Ref | None) -> int:
    """One more than the last challenger's since this champion took over."""
    changes = [c for c in tx.models.changes(slot, MANY) if c.role is ModelRole.CHAMPION]
    since = max((c.at for c in changes if c.ref == champion), default=LONG_AGO)
    before = (
        int(record.metrics.get(ATTEMPT, 0))
        for record in tx.models.list()
        if record.created_at >= since
        and record.ref != champion
        and slot_of(record.ref.name) == slot
    )
    return 1 + max(before, default=0)


def _version(given: Material) -> str:
    return given.at.strftime("%Y-%m-%dT%H%M%S.%fZ")


def _chance(begun: _Begun, what: str) -> np.random.Generator:
    return derive_rng(begun.given.seed, what, begun.given.past.sha256)


# --- the challenger -----------------------------------------------------------------------------


def _told(begun: _Begun, made: Made, fitted: Floats) -> Artifact:
    """The artifact with its figures, its card, and what its data looked like."""
    given, artifact = begun.given, made.artifact
    (side,) = sides(begun.held_out, (artifact.ref,), (fitted,), _chance(begun, "figures"))
    figures = {name: x for name, x in side.figures.items() if np.isfinite(x).all()}
    config = dict(artifact.manifest.config) or dict(begun.model.config())
    facts = _facts(begun, artifact.ref, figures, config)
    counts = {
        "n_answers": facts.n_answers,
        "n_learners": facts.n_learners,
        "n_judged": facts.n_judged,
        ATTEMPT: begun.attempt,
    }
    baseline = begun.model.baseline(made, given, fitted)
    return artifact.with_files(
        {CARD_FILE: card(facts).encode(), BASELINE_FILE: to_json(baseline)},
        libraries=libraries(artifact),
        snapshot=given.past.sha256,
        config=config,
        parent=None if begun.parent is None else begun.parent.ref,
        metrics={
            **{name: tuple(x) for name, x in figures.items()},
            **{name: (float(n), float(n), float(n)) for name, n in counts.items()},
        },
    )


def _facts(begun: _Begun, ref: Ref, figures: dict[str, Interval], config: dict[str, Any]) -> Facts:
    training, held_out = begun.given.past.training, begun.held_out
    times = training.occurred_us
    first_at, last_at = (
        (None, None) if times is None else (from_us(int(times.min())), from_us(int(times.max())))
    )
    return Facts(
        ref=ref,
        what=begun.model.about,
        made_at=begun.given.at,
        snapshot=begun.given.past.sha256,
        n_learners=len(training.learner_ids),
        n_answers=int((training.correct != STUDY).sum()),
        first_at=first_at,
        last_at=last_at,
        n_judged_learners=len(np.unique(held_out.learner)),
        n_judged=len(held_out.correct),
        figures=figures,
        config=config,
        notes=begun.notes,
    )


def _checked(artifact: Artifact) -> Artifact:
    """What would be stored, read from its bytes."""
    return Artifact(Manifest.decode(artifact.manifest.encode()), artifact.files).checked()


def _stored(store: Store, made: Made) -> Artifact:
    """What was stored, read again from where it lies."""
    with store.begin() as tx:
        for artifact in made.beside:
            if tx.models.get(artifact.ref) is None:
                store_artifact(tx, artifact)
        store_artifact(tx, made.artifact)
    with store.begin(write=False) as tx:
        return artifact_of(tx, made.artifact.ref)


# --- the comparison -----------------------------------------------------------------------------


def _champions_word(begun: _Begun) -> tuple[Ref, Floats]:
    champion = begun.champion
    if champion is None:
        return begun.model.unfitted(begun.given)
    if champion.manifest.snapshot is None:
        begun.notes.append(
            f"{champion.ref} was fitted on the judged learners too, which makes it look better "
            "here than it is."
        )
    return champion.ref, contender(champion.manifest.kind).ask(champion, begun.given)


def _audit(begun: _Begun, stored: Artifact, fitted: Floats, said: Floats) -> Audit:
    past = begun.given.past
    shared = set(past.training.learner_ids) & set(past.held_out.learner_ids)
    off = float(np.abs(said - fitted).max(initial=0.0))
    findings = [
        _finding("learner_on_both_sides", not shared, f"{len(shared)} learners are on both sides"),
        _finding("what_was_stored", off <= SAME, f"what was stored is off by {off:.2g}"),
    ]
    if len(past.held_out):
        predict = begun.model.predictor(stored, begun.given)
        findings += prediction_findings(predict, past.held_out, _chance(begun, "audit"))
    return Audit(tuple(findings))


def _finding(check: str, passed: bool, message: str) -> Finding:
    return Finding(check, Verdict.PASSED if passed else Verdict.FAILED, message)


# --- what now -----------------------------------------------------------------------------------


def _settle(store: Store, begun: _Begun, ref: Ref, ruling: Ruling) -> tuple[bool, str]:
    """Promote or keep, in one transaction; whether it was promoted, and why."""
    slot, because, role = begun.model.slot, ruling.because, ModelRole.CHAMPION
    compared = None if begun.champion is None else begun.champion.ref
    with store.begin() as tx:
        now = tx.models.alias(slot, role)
        promote = ruling.promote and now == compared and begun.plan.promote
        if ruling.promote and not begun.plan.promote:
            because = f"nobody was to be promoted; {ref} may be deployed: {ruling.because}"
        elif ruling.promote and not promote:
            because = f"{now} became the champion meanwhile; retrain again to compare with it"
        clock = begun.live.clock
        if promote:
            give_role(tx, clock, slot, role, ref, actor=ACTOR, reason=because)
        detail: dict[str, str | int | float] = {"slot": slot, "attempt": begun.attempt}
        if ruling.intervals:
            detail["gain"] = ruling.intervals[ALL].point
        action = "model.promote" if promote else "model.keep"
        tx.audit.append(AuditEntry(clock.now(), ACTOR, action, f"model:{ref}", detail))
    return promote, because


def _report(
    begun: _Begun, both: tuple[Side, ...], ruling: Ruling, promoted: bool, because: str
) -> Report:
    held_out, training, window = begun.held_out, begun.given.past.training, begun.plan.window
    return Report(
        slot=begun.model.slot,
        at=begun.given.at,
        promoted=promoted,
        because=because,
        stored=not begun.plan.dry_run,
        challenger=both[0],
        champion=both[1],
        ruling=ruling,
        snapshot=begun.given.past.sha256,
        n_answers=int((training.correct != STUDY).sum()),
        n_learners=len(training.learner_ids),
        n_judged=len(held_out.correct),
        n_judged_learners=len(np.unique(held_out.learner)),
        window_days=None if window is None else window / timedelta(days=1),
        went_on=begun.parent is not None,
        groups={
            name: (len(np.unique(held_out.learner[rows])), int(rows.sum()))
            for name, rows in held_out.groups.items()
        },
        seconds=(begun.live.clock.now() - begun.given.at).total_seconds(),
        notes=tuple(begun.notes),
    )
