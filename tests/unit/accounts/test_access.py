from datetime import UTC, datetime

import pytest

from learnloop.accounts import Scope, create_key, may_see, require
from learnloop.core.errors import AccessDenied, NotAuthenticated, NotFound
from learnloop.core.ids import LearnerId
from learnloop.core.records import Role
from learnloop.core.types import Learner
from learnloop.storage import open_store

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ADA, BEN = LearnerId("ada"), LearnerId("ben")


@pytest.fixture
def tx():
    store = open_store("memory://")
    with store.begin() as tx:
        tx.learners.put(Learner(ADA, NOW))
        tx.learners.put(Learner(BEN, NOW))
        tx.accounts.add_member("7b", ADA)
        yield tx
    store.close()


def key(role, **subject):
    return create_key(role, NOW, **subject)[1]


def test_a_missing_scope_is_denied():
    teacher = key(Role.TEACHER, class_id="7b")
    require(teacher, Scope.LEARNERS_READ)
    with pytest.raises(AccessDenied, match="learners:write") as caught:
        require(teacher, Scope.LEARNERS_WRITE)
    assert not isinstance(caught.value, NotAuthenticated)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_without_scopes_may_do_nothing(scope):
    with pytest.raises(AccessDenied):
        require(create_key(Role.ADMIN, NOW, scopes=[])[1], scope)


@pytest.mark.parametrize(
    ("who", "seen", "unseen"),
    [
        (key(Role.LEARNER, learner_id=ADA), [ADA], [BEN, "nobody"]),
        (key(Role.TEACHER, class_id="7b"), [ADA], [BEN, "nobody"]),
        (key(Role.TEACHER, class_id="8a"), [], [ADA, BEN]),
        (key(Role.SERVICE), [ADA, BEN], []),
        (key(Role.ADMIN), [ADA, BEN], []),
    ],
    ids=["learner", "teacher", "other teacher", "service", "admin"],
)
def test_who_sees_whom(tx, who, seen, unseen):
    for learner_id in seen:
        may_see(tx, who, LearnerId(learner_id))
    for learner_id in unseen:
        with pytest.raises(NotFound) as caught:
            may_see(tx, who, LearnerId(learner_id))
        assert caught.value.message == f"no learner {learner_id!r}"
