"""Which repositories does a SQL transaction have? Each is made when it is first asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from learnloop.core.jobs import Jobs, Schedules
from learnloop.core.protocols import (
    Accounts,
    Audit,
    CatalogStore,
    Decisions,
    Files,
    Interactions,
    Learners,
    Models,
    Outcomes,
    Paths,
    Predictions,
    Replies,
    States,
    Watch,
)
from learnloop.storage.sql.accounts import SqlAccounts
from learnloop.storage.sql.catalog import SqlCatalog
from learnloop.storage.sql.choices import SqlDecisions, SqlOutcomes, SqlPaths
from learnloop.storage.sql.jobs import SqlJobs, SqlSchedules
from learnloop.storage.sql.learners import SqlLearners
from learnloop.storage.sql.log import SqlInteractions, SqlStates
from learnloop.storage.sql.predictions import SqlPredictions, SqlWatch
from learnloop.storage.sql.registry import SqlAudit, SqlFiles, SqlModels, SqlReplies
from learnloop.storage.sql.session import Session

_REPOSITORIES: dict[str, Callable[[Session], object]] = {
    "learners": SqlLearners,
    "catalog": SqlCatalog,
    "accounts": SqlAccounts,
    "interactions": SqlInteractions,
    "states": SqlStates,
    "decisions": SqlDecisions,
    "outcomes": SqlOutcomes,
    "paths": SqlPaths,
    "models": SqlModels,
    "files": SqlFiles,
    "replies": SqlReplies,
    "audit": SqlAudit,
    "jobs": SqlJobs,
    "schedules": SqlSchedules,
    "predictions": SqlPredictions,
    "watch": SqlWatch,
}


class SqlTransaction:
    """A `learnloop.core.protocols.Transaction`."""

    learners: Learners
    catalog: CatalogStore
    accounts: Accounts
    interactions: Interactions
    states: States
    decisions: Decisions
    outcomes: Outcomes
    paths: Paths
    models: Models
    files: Files
    replies: Replies
    audit: Audit
    jobs: Jobs
    schedules: Schedules
    predictions: Predictions
    watch: Watch

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> object:
        try:
            repository = _REPOSITORIES[name](self._session)
        except KeyError:
            raise AttributeError(name) from None
        setattr(self, name, repository)
        return repository

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that is undone alone when it raises; the rest of the transaction goes on."""
        session = self._session
        failed = session.failed
        session.depth += 1
        name = f"s{session.depth}"
        session.command(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            session.command(f"ROLLBACK TO SAVEPOINT {name}")
            session.command(f"RELEASE SAVEPOINT {name}")
            session.failed = failed
            raise
        else:
            session.command(f"RELEASE SAVEPOINT {name}")
        finally:
            session.depth -= 1
