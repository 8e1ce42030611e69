"""Small models for the tests of serving: artifacts, and what happens when they are asked."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np

from learnloop.core.arrays import Arrays
from learnloop.core.artifact import Artifact, TensorSpec
from learnloop.core.errors import ArtifactError
from learnloop.core.types import Ref
from learnloop.models.runtime import GOLDEN_FILE, golden_file
from learnloop.serving.live_set import LiveSet, SlotPlan
from learnloop.serving.loading import Source, build
from learnloop.serving.orchestrator import ModelOrchestrator

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SLOT = "answers"
WIDTH = 3
INPUTS = (TensorSpec("x", "float32", (None, WIDTH)),)
OUTPUTS = (TensorSpec("p", "float32", (None,)),)
GOLDEN = np.arange(2 * WIDTH, dtype=np.float32).reshape(2, WIDTH)


def says(version: str, x: np.ndarray) -> np.ndarray:
    """What the model of that version answers: each version something else."""
    return (x.sum(axis=1) * 0.001 + float(version)).astype(np.float32)


class Toy:
    """A predictor that misbehaves when it is told to."""

    def __init__(self, ref: Ref) -> None:
        self.ref, self.inputs, self.outputs = ref, INPUTS, OUTPUTS
        self.misbehave: Callable[[Arrays], Arrays | None] = lambda inputs: None
        self.n_calls = self.n_rows = 0

    def predict(self, inputs: Arrays) -> Arrays:
        self.n_calls += 1
        self.n_rows += len(inputs["x"])
        instead = self.misbehave(inputs)
        return {"p": says(self.ref.version, inputs["x"])} if instead is None else instead


def artifact(version: str, name: str = "toy", **about: Any) -> Artifact:
    """The artifact of a toy: its golden answers are those of its version."""
    golden = golden_file([({"x": GOLDEN}, {"p": says(version, GOLDEN)})])
    given = {"inputs": INPUTS, "outputs": OUTPUTS, **about}
    files = {"model.json": version.encode(), GOLDEN_FILE: golden}
    return Artifact.build(Ref(name, version), "toy", NOW, files, **given)


class Shelf:
    """Artifacts by ref, and the toys that were made of them."""

    def __init__(self, *versions: str, **source: Any) -> None:
        self.artifacts = {ref(v): artifact(v) for v in versions}
        self.toys: dict[Ref, Toy] = {}
        self.n_loads = 0
        self.source = Source(self.get, self.load, **source)
        self._slow: dict[Ref, float] = {}

    def get(self, ref: Ref) -> Artifact:
        found = self.artifacts.get(ref)
        if found is None:
            raise ArtifactError(f"{ref} is missing")
        return found.checked()

    def load(self, artifact: Artifact) -> Toy:
        self.n_loads += 1
        toy = Toy(artifact.ref)
        seconds = self._slow.get(artifact.ref)
        if seconds is not None:
            toy.misbehave = sleeping(seconds)
        self.toys[artifact.ref] = toy
        return toy

    def slow(self, version: str, seconds: float) -> None:
        """Make a version slow from its loading on."""
        self._slow[ref(version)] = seconds

    def live(self, plan: SlotPlan, before: LiveSet | None = None, revision: int = 1) -> LiveSet:
        return build(revision, {SLOT: plan}, self.source, before or LiveSet(), NOW)

    def toy(self, version: str) -> Toy:
        return self.toys[ref(version)]


def ref(version: str) -> Ref:
    return Ref("toy", version)


def plan(champion: str | None = None, **others: Any) -> SlotPlan:
    """A plan by versions."""
    share = others.pop("share", 0.0)
    given = {role: None if v is None else ref(v) for role, v in others.items()}
    return SlotPlan(champion=None if champion is None else ref(champion), share=share, **given)


def serving(shelf: Shelf, wanted: SlotPlan, **kwargs: Any) -> ModelOrchestrator:
    """An orchestrator that answers by the plan."""
    found = ModelOrchestrator(**kwargs)
    found.swap(shelf.live(wanted))
    return found


def question(*rows: float) -> Arrays:
    """One row for each number."""
    return {"x": np.array([[own] * WIDTH for own in rows or (1.0,)], dtype=np.float32)}


# --- what can go wrong ----------------------------------------------------------------------------


def crashing(inputs: Arrays) -> Arrays:
    raise RuntimeError("the model crashed")


def nan(inputs: Arrays) -> Arrays:
    return {"p": np.full(len(inputs["x"]), np.nan, np.float32)}


def short(inputs: Arrays) -> Arrays:
    return {"p": np.zeros(0, np.float32)}


def silent(inputs: Arrays) -> Arrays:
    return {}


def sleeping(seconds: float) -> Callable[[Arrays], Arrays | None]:
    def misbehave(inputs: Arrays) -> None:
        time.sleep(seconds)

    return misbehave


class Blocking:
    """Blocks every call until it is let go."""

    def __init__(self) -> None:
        self.entered, self.go = threading.Event(), threading.Event()

    def __call__(self, inputs: Arrays) -> None:
        self.entered.set()
        assert self.go.wait(10)


class Ticks:
    """A clock of seconds that moves when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
