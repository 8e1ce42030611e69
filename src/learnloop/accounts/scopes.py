"""Which scopes are there, and which of them does a role get by default? The one table.

A teacher reads and never writes: an answer or a dismissal is the learner's own act, and a
recommendation is a logged decision addressed to the learner, so a teacher who asked for one would
spoil the record of what the learner was shown.
"""

from collections.abc import Mapping
from enum import StrEnum

from learnloop.core.records import Role


class Scope(StrEnum):
    """What a key may do, to the learners that it may see."""

    INTERACTIONS_WRITE = "interactions:write"  # record what learners did
    LEARNERS_READ = "learners:read"  # profile, path, progress, predictions
    LEARNERS_WRITE = "learners:write"  # preferences, goals, re-analysis, re-planning
    RECOMMENDATIONS = "recommendations"  # ask for recommendations, give feedback on them
    ENGINE_RUN = "engine:run"  # the /api/ml routes of a platform's own back end
    METRICS = "metrics"  # what /metrics counts; nothing of any learner
    ADMIN = "admin"  # keys, classes, what concerns nobody's learner


SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.LEARNER: frozenset(
        {
            Scope.INTERACTIONS_WRITE,
            Scope.LEARNERS_READ,
            Scope.LEARNERS_WRITE,
            Scope.RECOMMENDATIONS,
        }
    ),
    Role.TEACHER: frozenset({Scope.LEARNERS_READ}),
    Role.SERVICE: frozenset(set(Scope) - {Scope.ADMIN}),
    Role.ADMIN: frozenset(Scope),
}


def scopes_of(role: Role) -> frozenset[str]:
    """The default scopes of a role, as a key stores them."""
    return frozenset(scope.value for scope in SCOPES[role])
