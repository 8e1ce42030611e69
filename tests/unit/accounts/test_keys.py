from datetime import UTC, datetime, timedelta

import pytest

from learnloop.accounts import SCOPES, Scope, authenticate, create_key, digest_of, scopes_of
from learnloop.core.errors import InvalidInput, NaiveTime, NotAuthenticated
from learnloop.core.ids import LearnerId
from learnloop.core.records import Role
from learnloop.storage import open_store

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ADA = LearnerId("ada")


@pytest.fixture
def store():
    store = open_store("memory://")
    yield store
    store.close()


def test_only_the_digest_of_a_key_is_stored():
    text, key = create_key(Role.SERVICE, NOW)
    assert text.startswith("ll_")
    assert len(text) == 3 + 43  # 256 bits in url-safe base64
    assert key.digest == digest_of(text)
    assert text not in repr(key)
    assert text.removeprefix("ll_") not in repr(key)


def test_keys_differ():
    made = [create_key(Role.SERVICE, NOW) for _ in range(50)]
    assert len({text for text, _ in made}) == len({key.key_id for _, key in made}) == 50


def test_a_key_is_known_by_its_text(store):
    text, key = create_key(Role.LEARNER, NOW, learner_id=ADA)
    with store.begin() as tx:
        tx.accounts.add_key(key)
        assert authenticate(tx, text, NOW) == key


@pytest.mark.parametrize("text", ["", "ll_", "ll_wrong", "wrong", "\ud800", "ll_\0"])
def test_an_unknown_key_is_refused(store, text):
    with store.begin() as tx, pytest.raises(NotAuthenticated):
        authenticate(tx, text, NOW)


def test_the_text_counts_exactly(store):
    text, key = create_key(Role.SERVICE, NOW)
    with store.begin() as tx:
        tx.accounts.add_key(key)
        for other in (text + " ", text[:-1], text.swapcase(), key.digest, key.key_id):
            with pytest.raises(NotAuthenticated):
                authenticate(tx, other, NOW)


def test_a_key_expires(store):
    text, key = create_key(Role.SERVICE, NOW, expires_at=NOW + timedelta(hours=1))
    with store.begin() as tx:
        tx.accounts.add_key(key)
        assert authenticate(tx, text, NOW + timedelta(minutes=59)) == key
        with pytest.raises(NotAuthenticated):
            authenticate(tx, text, NOW + timedelta(hours=1))


def test_a_key_is_revoked(store):
    text, key = create_key(Role.SERVICE, NOW)
    with store.begin() as tx:
        tx.accounts.add_key(key)
        tx.accounts.revoke_key(key.key_id, NOW + timedelta(hours=1))
        with pytest.raises(NotAuthenticated):
            authenticate(tx, text, NOW + timedelta(hours=2))


@pytest.mark.parametrize(
    ("role", "subject", "field"),
    [
        (Role.LEARNER, {}, "learner_id"),
        (Role.LEARNER, {"learner_id": ""}, "learner_id"),
        (Role.LEARNER, {"learner_id": ADA, "class_id": "7b"}, "class_id"),
        (Role.TEACHER, {}, "class_id"),
        (Role.TEACHER, {"learner_id": ADA, "class_id": "7b"}, "learner_id"),
        (Role.SERVICE, {"learner_id": ADA}, "learner_id"),
        (Role.ADMIN, {"class_id": "7b"}, "class_id"),
    ],
)
def test_a_key_is_for_whom_its_role_is_for(role, subject, field):
    with pytest.raises(InvalidInput) as caught:
        create_key(role, NOW, **subject)
    assert caught.value.field == field


def test_scopes_can_be_left_out_but_not_added():
    _, key = create_key(Role.SERVICE, NOW, scopes=["learners:read"])
    assert key.scopes == {"learners:read"}
    _, none = create_key(Role.SERVICE, NOW, scopes=[])
    assert none.scopes == frozenset()
    with pytest.raises(InvalidInput, match="admin"):
        create_key(Role.SERVICE, NOW, scopes=["admin"])
    with pytest.raises(InvalidInput, match="nonsense"):
        create_key(Role.ADMIN, NOW, scopes=["nonsense"])


def test_times_need_a_zone():
    with pytest.raises(NaiveTime):
        create_key(Role.SERVICE, NOW, expires_at=datetime(2026, 1, 6))  # noqa: DTZ001


def test_every_role_has_scopes_and_only_an_admin_has_all():
    assert set(SCOPES) == set(Role)
    assert scopes_of(Role.ADMIN) == {s.value for s in Scope}
    for role in set(Role) - {Role.ADMIN}:
        assert Scope.ADMIN not in SCOPES[role]


def test_a_teacher_only_reads():
    assert SCOPES[Role.TEACHER] == {Scope.LEARNERS_READ}
