"""How does a live set come about? Version by version, off the hot path, each checked first.

Hashes, what it takes and gives, its features, its golden answers; then it is timed. A version that
fails a check is left out and named: a champion that can't be loaded leaves the one before it in its
place, and a slot that was never filled is answered by its previous champion or by its rule.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from learnloop.core.arrays import Arrays
from learnloop.core.artifact import Artifact
from learnloop.core.errors import ArtifactError
from learnloop.core.protocols import Predictor
from learnloop.core.types import Ref
from learnloop.models.runtime import GOLDEN_FILE, check_golden, golden_cases
from learnloop.serving.live_set import LiveSet, LoadFailure, Rule, Slot, SlotPlan
from learnloop.serving.served import ServedBy, Why, fell_back
from learnloop.serving.version import Version, measured, rows_of

RULE_KEY = "rule"
"""Where a manifest's config keeps what to answer without a model: a constant for each output."""

Load = Callable[[Artifact], Predictor]


@dataclass(frozen=True, slots=True)
class Source:
    """Where versions come from.

    Attributes:
        artifact: The checked files of a version; raises `ArtifactError`.
        load: The predictor of an artifact; raises `ArtifactError`.
        check_features: Raises `FeatureMismatch` where the features named can't be given here.
        constants: What a kind of model says when none can be asked, by output.
        rules: What answers in a slot without a model, instead of constants.
    """

    artifact: Callable[[Ref], Artifact]
    load: Load
    check_features: Callable[[str], None] = lambda features: None
    constants: Callable[[str], Mapping[str, Any]] = lambda kind: {}
    rules: Mapping[str, Rule] | None = None
    clock: Callable[[], float] = time.perf_counter


def build(
    revision: int,
    plans: Mapping[str, SlotPlan],
    source: Source,
    before: LiveSet,
    at: datetime,
) -> LiveSet:
    """The live set that follows `before`; versions that stay are not loaded again.

    Raises:
        StoreUnavailable: The artifacts can't be read now; nothing was built.
    """
    building = _Building(source, before)
    slots = {name: building.slot(name, plan) for name, plan in plans.items()}
    found = {name: slot for name, slot in slots.items() if slot is not None}
    return LiveSet(revision, found, tuple(building.failures), at)


def load_version(artifact: Artifact, source: Source) -> Version:
    """A version, once everything about it is what it should be.

    Raises:
        ArtifactError: It is not.
    """
    manifest = artifact.checked().manifest
    if manifest.features is not None:
        source.check_features(manifest.features)
    try:
        predictor = source.load(artifact)
    except ArtifactError:
        raise
    except Exception as error:
        raise ArtifactError(f"{artifact.ref} can't be opened: {error!r}") from error
    own = (predictor.ref, predictor.inputs, predictor.outputs)
    if own != (manifest.ref, manifest.inputs, manifest.outputs):
        raise ArtifactError(f"{artifact.ref}: what was loaded is not what the manifest says")
    golden = artifact.file(GOLDEN_FILE)
    check_golden(predictor, golden)  # type: ignore[arg-type]
    cases = golden_cases(golden, str(artifact.ref))
    cost = measured(predictor, _part(cases[0], "in."), source.clock)
    typical = _typical([_part(case, "out.") for case in cases], predictor)
    return Version(predictor, manifest, artifact.sha256, cost, typical, source.clock)


class _Building:
    def __init__(self, source: Source, before: LiveSet) -> None:
        self._source = source
        self._before = before
        self._loaded: dict[Ref, Version] = {}
        self.failures: list[LoadFailure] = []

    def slot(self, name: str, plan: SlotPlan) -> Slot | None:
        """The slot, or None where nothing of it could be loaded."""
        n_before = len(self.failures)
        champion = self._load(name, ServedBy.CHAMPION, plan.champion)
        previous = self._load(name, ServedBy.PREVIOUS, plan.previous)
        if champion is None and previous is None:
            previous = self._goes_on(name)
        first = champion or previous
        if first is None:
            return None
        challenger = self._load(name, ServedBy.CHALLENGER, plan.challenger, first)
        shadow = self._load(name, ServedBy.SHADOW, plan.shadow, first)
        if previous is not None and not _are_alike(previous, first):
            previous = None
        asked = (ServedBy.CHAMPION, ServedBy.CHALLENGER)
        failed = [x for x in self.failures[n_before:] if x.role in asked]
        return Slot(
            name,
            first.predictor.inputs,
            (self._source.rules or {}).get(name) or rule_of(first, self._source),
            champion=champion,
            challenger=challenger,
            shadow=shadow,
            previous=previous,
            share=plan.share,
            reasons=tuple(fell_back(x.ref, Why.NOT_LOADED) for x in failed),
        )

    def _goes_on(self, name: str) -> Version | None:
        """What answers in this slot now, where nothing of the new plan can."""
        slot = self._before.slots.get(name)
        return None if slot is None else slot.champion or slot.previous

    def _load(
        self, slot: str, role: ServedBy, ref: Ref | None, first: Version | None = None
    ) -> Version | None:
        if ref is None:
            return None
        try:
            version = self._version(ref)
            if first is not None and not _are_alike(version, first):
                raise ArtifactError(f"{ref} takes or gives something else than {first.ref}")
        except ArtifactError as error:
            self.failures.append(LoadFailure(slot, role, ref, error.code, error.message))
            return None
        return version

    def _version(self, ref: Ref) -> Version:
        found = self._loaded.get(ref)
        if found is None:
            artifact = self._source.artifact(ref)
            if artifact.ref != ref:
                raise ArtifactError(f"{ref}: what is kept there is {artifact.ref}")
            found = self._before.version(ref, artifact.sha256)
            if found is None:
                found = load_version(artifact, self._source)
            self._loaded[ref] = found
        return found


def rule_of(version: Version, source: Source) -> Rule:
    """Constants: of the manifest's config, else of the kind of model, else the mean golden ones."""
    given = version.manifest.config.get(RULE_KEY) or source.constants(version.manifest.kind)
    typical: dict[str, np.ndarray[Any, Any]] = dict(version.typical)
    for spec in version.predictor.outputs:
        if spec.name in given:
            typical[spec.name] = np.asarray(given[spec.name], spec.dtype)

    def rule(inputs: Arrays) -> Arrays:
        n = rows_of(inputs)
        return {name: np.repeat(own[None], n, axis=0) for name, own in typical.items()}

    return rule


def _are_alike(one: Version, other: Version) -> bool:
    """Can one answer in the other's place?"""
    a, b = one.predictor, other.predictor
    return (a.inputs, a.outputs) == (b.inputs, b.outputs)


def _typical(cases: Sequence[Arrays], predictor: Predictor) -> Arrays:
    """The mean golden output, row by row; of whole numbers the median."""
    found = {}
    for spec in predictor.outputs:
        own = cases[0][spec.name]
        middle = np.mean if own.dtype.kind == "f" else np.median
        found[spec.name] = np.asarray(middle(own, axis=0)).astype(own.dtype)
    return found


def _part(case: Arrays, prefix: str) -> Arrays:
    return {n.removeprefix(prefix): own for n, own in case.items() if n.startswith(prefix)}
