"""May this key do that, and to this learner? Denied unless a rule here says yes."""

from learnloop.accounts.scopes import Scope
from learnloop.core.errors import AccessDenied, NotFound
from learnloop.core.ids import LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.records import ApiKey, Role


def require(key: ApiKey, scope: Scope) -> None:
    """Pass if the key has the scope.

    Raises:
        AccessDenied: It has not.
    """
    if scope.value not in key.scopes:
        raise AccessDenied(f"this needs the scope {scope.value!r}, which the key has not")


def may_see(tx: Transaction, key: ApiKey, learner_id: LearnerId) -> None:
    """Pass if the learner is the key's to see.

    A learner's key sees that learner alone, a teacher's key the learners of its class, the keys of
    services and admins all learners.

    Raises:
        NotFound: The learner is not; the same as for one who does not exist, so that a key can't
            find out who else is there.
    """
    if not _sees(tx, key, learner_id):
        raise NotFound(f"no learner {learner_id!r}", field="learner_id")


def _sees(tx: Transaction, key: ApiKey, learner_id: LearnerId) -> bool:
    match key.role:
        case Role.LEARNER:
            return key.learner_id == learner_id
        case Role.TEACHER:
            return key.class_id is not None and tx.accounts.is_member(key.class_id, learner_id)
        case Role.SERVICE | Role.ADMIN:
            return True
