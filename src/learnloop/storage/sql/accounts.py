"""Where are the keys and classes? Only a key's digest is kept."""

from datetime import datetime

from sqlalchemy import select

from learnloop.core.errors import ConflictingDuplicate, NotFound
from learnloop.core.ids import KeyId, LearnerId
from learnloop.core.records import ApiKey
from learnloop.core.time import to_us
from learnloop.storage.sql.rows.people import key_of, key_row
from learnloop.storage.sql.schema import api_keys, class_members
from learnloop.storage.sql.session import Session
from learnloop.storage.sql.statements import insert_new, param, statement

_ADD_KEY = insert_new(api_keys)
_FIND_KEY = statement(select(*api_keys.c).where(api_keys.c.digest == param("digest")))
_KEYS = statement(select(*api_keys.c).order_by(api_keys.c.created_us, api_keys.c.key_id))
_REVOKE = statement(
    api_keys.update().values(revoked_us=param("at")).where(api_keys.c.key_id == param("id"))
)
_ADD_MEMBER = insert_new(class_members)
_of_class = class_members.c.class_id == param("class")
_IS_MEMBER = statement(
    select(class_members.c.class_id).where(
        _of_class, class_members.c.learner_id == param("learner")
    )
)
_MEMBERS = statement(
    select(class_members.c.learner_id).where(_of_class).order_by(class_members.c.learner_id)
)


class SqlAccounts:
    """Keys and classes."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_key(self, key: ApiKey) -> None:
        if self._session.run(_ADD_KEY, key_row(key)) == 0:
            raise ConflictingDuplicate(f"key {key.key_id} exists already", field="key_id")

    def find_key(self, digest: str) -> ApiKey | None:
        row = self._session.row(_FIND_KEY, (digest,))
        return None if row is None else key_of(row)

    def keys(self) -> list[ApiKey]:
        return [key_of(row) for row in self._session.rows(_KEYS)]

    def revoke_key(self, key_id: KeyId, at: datetime) -> None:
        if self._session.run(_REVOKE, (to_us(at), key_id)) == 0:
            raise NotFound(f"there is no key {key_id}", field="key_id")

    def add_member(self, class_id: str, learner_id: LearnerId) -> None:
        self._session.run(_ADD_MEMBER, (class_id, learner_id))

    def is_member(self, class_id: str, learner_id: LearnerId) -> bool:
        return self._session.row(_IS_MEMBER, (class_id, learner_id)) is not None

    def members(self, class_id: str) -> list[LearnerId]:
        return [LearnerId(row[0]) for row in self._session.rows(_MEMBERS, (class_id,))]
