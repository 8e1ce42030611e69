"""Where are learners, the catalog, keys and classes, in memory?"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from learnloop.core.errors import ConflictingDuplicate, NotFound
from learnloop.core.ids import KeyId, LearnerId
from learnloop.core.records import ApiKey
from learnloop.core.types import Course, Item, Learner, Skill
from learnloop.storage.checks import catalog_version, check_item, check_learner
from learnloop.storage.memory.versions import View


class MemoryLearners:
    """Humans who learn."""

    def __init__(self, view: View) -> None:
        self._view = view

    def get(self, learner_id: LearnerId) -> Learner | None:
        learner: Learner | None = self._view.get("learners", learner_id)
        return learner

    def known(self, learner_ids: Iterable[LearnerId]) -> set[LearnerId]:
        return {i for i in learner_ids if self._view.get("learners", i) is not None}

    def put(self, learner: Learner) -> None:
        check_learner(learner)
        self._view.set("learners", learner.learner_id, learner)

    def page(self, after: LearnerId | None, limit: int) -> list[Learner]:
        ids = sorted(i for i in self._view.keys("learners") if after is None or i > after)
        return [self._view.get("learners", i) for i in ids[:limit]]

    def lock(self, learner_ids: Iterable[LearnerId]) -> None:
        """Nothing to do: a writing transaction is alone."""


class MemoryCatalog:
    """What can be learnt."""

    def __init__(self, view: View) -> None:
        self._view = view

    def version(self) -> str:
        return str(self._view.get("catalog", "version", "0"))

    def load(self) -> tuple[list[Course], list[Skill], list[Item]]:
        values = self._view.values
        return list(values("courses")), list(values("skills")), list(values("items"))

    def lock(self) -> None:
        """Nothing to do: there is one writer at a time."""

    def put(self, courses: Sequence[Course], skills: Sequence[Skill], items: Sequence[Item]) -> str:
        for item in items:
            check_item(item)
        for course in courses:
            self._view.set("courses", course.course_id, course)
        for skill in skills:
            self._view.set("skills", skill.skill_id, skill)
        for item in items:
            self._view.set("items", item.item_id, item)
        n_puts = self._view.get("catalog", "n_puts", 0) + 1
        version = catalog_version(n_puts, self.version(), repr((courses, skills, items)))
        self._view.set("catalog", "n_puts", n_puts)
        self._view.set("catalog", "version", version)
        return version


class MemoryAccounts:
    """Keys and classes."""

    def __init__(self, view: View) -> None:
        self._view = view

    def add_key(self, key: ApiKey) -> None:
        if self._view.get("keys", key.key_id) or self._view.get("digests", key.digest):
            raise ConflictingDuplicate(f"key {key.key_id} exists already", field="key_id")
        self._view.set("keys", key.key_id, key)
        self._view.set("digests", key.digest, key.key_id)

    def find_key(self, digest: str) -> ApiKey | None:
        key: ApiKey | None = self._view.get("keys", self._view.get("digests", digest))
        return key

    def keys(self) -> list[ApiKey]:
        return sorted(self._view.values("keys"), key=lambda key: (key.created_at, key.key_id))

    def revoke_key(self, key_id: KeyId, at: datetime) -> None:
        key: ApiKey | None = self._view.get("keys", key_id)
        if key is None:
            raise NotFound(f"there is no key {key_id}", field="key_id")
        self._view.set("keys", key_id, replace(key, revoked_at=at))

    def add_member(self, class_id: str, learner_id: LearnerId) -> None:
        members: frozenset[LearnerId] = self._view.get("classes", class_id, frozenset())
        self._view.set("classes", class_id, members | {learner_id})

    def is_member(self, class_id: str, learner_id: LearnerId) -> bool:
        return learner_id in self._view.get("classes", class_id, frozenset())

    def members(self, class_id: str) -> list[LearnerId]:
        return sorted(self._view.get("classes", class_id, frozenset()))
