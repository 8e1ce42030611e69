"""Who may do what? Start with `scopes.py` (the table), then `keys.py` and `access.py`.

Everything is denied that the table does not allow, and whoever may not see a learner is told that
there is no such learner.
"""

from learnloop.accounts.access import may_see, require
from learnloop.accounts.keys import authenticate, create_key, digest_of
from learnloop.accounts.scopes import SCOPES, Scope, scopes_of

__all__ = [
    "SCOPES",
    "Scope",
    "authenticate",
    "create_key",
    "digest_of",
    "may_see",
    "require",
    "scopes_of",
]
