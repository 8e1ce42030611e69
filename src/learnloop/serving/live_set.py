"""Who may answer? One value that is never changed: the live set. A swap puts another in its place.

A request takes the reference once and looks at nothing else, so it never sees half of a change.
What does change (breakers, measured times) belongs to a version and moves with it to the next set.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from learnloop.core.arrays import Arrays
from learnloop.core.artifact import TensorSpec
from learnloop.core.types import Reason, Ref
from learnloop.serving.served import ServedBy
from learnloop.serving.split import Split
from learnloop.serving.version import Version

Rule = Callable[[Arrays], Arrays]
"""Outputs for inputs, without a model: it always answers."""

RULE_VERSION = "rule"


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """Which versions a slot is to have.

    Attributes:
        share: Of the learners for whom the challenger answers, [0, 1].
        previous: The champion before this one.
    """

    champion: Ref | None = None
    challenger: Ref | None = None
    share: float = 0.0
    shadow: Ref | None = None
    previous: Ref | None = None


@dataclass(frozen=True, slots=True)
class LoadFailure:
    """A version that has a role and can't play it.

    Attributes:
        code: Of the error.
        message: What is wrong, for the log.
    """

    slot: str
    role: ServedBy
    ref: Ref
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Slot:
    """Who answers in one slot, and in which order.

    Attributes:
        inputs: What every version of it takes.
        reasons: Which of its versions could not be loaded.
    """

    name: str
    inputs: tuple[TensorSpec, ...]
    rule: Rule
    champion: Version | None = None
    challenger: Version | None = None
    shadow: Version | None = None
    previous: Version | None = None
    share: float = 0.0
    reasons: tuple[Reason, ...] = ()
    chain: tuple[tuple[ServedBy, Version], ...] = field(init=False)
    with_challenger: tuple[tuple[ServedBy, Version], ...] = field(init=False)
    split: Split | None = field(init=False)
    rule_ref: Ref = field(init=False)

    def __post_init__(self) -> None:
        both = (ServedBy.CHAMPION, self.champion), (ServedBy.PREVIOUS, self.previous)
        chain = tuple((role, version) for role, version in both if version is not None)
        first = self.challenger
        object.__setattr__(self, "chain", chain)
        object.__setattr__(self, "rule_ref", Ref(self.name, RULE_VERSION))
        split, longer = None, chain
        if first is not None:
            split = Split(self.name, first.ref, self.share)
            longer = ((ServedBy.CHALLENGER, first), *chain)
        object.__setattr__(self, "split", split)
        object.__setattr__(self, "with_challenger", longer)

    @property
    def versions(self) -> tuple[Version, ...]:
        """All that are loaded."""
        found = (self.champion, self.challenger, self.shadow, self.previous)
        return tuple(version for version in found if version is not None)

    @property
    def features(self) -> frozenset[str | None]:
        """Which versions of the features its models take."""
        return frozenset(version.features for version in self.versions)


@dataclass(frozen=True, slots=True)
class LiveSet:
    """All slots as of one revision of the aliases.

    Attributes:
        failures: What has a role and could not be loaded.
        loaded_at: When it was built.
    """

    revision: int = -1
    slots: Mapping[str, Slot] = field(default_factory=dict)
    failures: tuple[LoadFailure, ...] = ()
    loaded_at: datetime | None = None

    def version(self, ref: Ref, sha256: str) -> Version | None:
        """A version that is loaded already, if it is the very same."""
        for slot in self.slots.values():
            for version in slot.versions:
                if version.ref == ref and version.sha256 == sha256:
                    return version
        return None
