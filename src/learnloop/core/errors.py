"""Which errors can learnloop raise, and what does each ask of the caller?

The whole tree; `code` is stable and public (HTTP problem types and the docs use it):

    LearnloopError
    ├── InvalidInput              the caller sent something wrong; says which field and what to do
    │   ├── NaiveTime             an instant without a time zone
    │   └── ConflictingDuplicate  a known id with different content
    ├── NotFound                  the thing named does not exist, or is not the caller's to see
    ├── AccessDenied              the caller may not do this
    │   └── NotAuthenticated      no key, or one that is unknown, expired or revoked
    ├── VersionConflict           the resource changed since the caller read it
    ├── CatalogError              the catalog refuses an import; carries every line that is wrong
    ├── DataError                 a data set or file can't be used as asked
    │   └── TrainingDiverged      the loss of a network became NaN or infinite
    ├── ArtifactError             a model artifact is corrupt, foreign or of another version
    │   └── FeatureMismatch       a model was trained on another version of the features
    ├── Unreachable               something outside does not answer now; try again later
    ├── StoreUnavailable          the database can't take the work now; nothing was changed
    └── Overloaded                more work than can be done in time; try again later
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field


class LearnloopError(Exception):
    """Root of every error that learnloop raises on purpose.

    Attributes:
        code: Stable identifier of the kind of error, `lower_snake_case`.
        field: Dotted path of the input field at fault, where there is one.
    """

    code = "learnloop_error"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidInput(LearnloopError):
    """The caller sent something that can't be accepted; the message says what to change."""

    code = "invalid_input"


class NaiveTime(InvalidInput):
    """An instant came without a time zone; learnloop never guesses one."""

    code = "naive_time"


class ConflictingDuplicate(InvalidInput):
    """An id that is already stored came again with different content."""

    code = "conflicting_duplicate"


class NotFound(LearnloopError):
    """The thing named does not exist, or the caller may not know that it does."""

    code = "not_found"


class AccessDenied(LearnloopError):
    """The caller is known and may not do this."""

    code = "access_denied"


class NotAuthenticated(AccessDenied):
    """The caller gave no key, or one that is unknown, expired or revoked."""

    code = "not_authenticated"


class VersionConflict(LearnloopError):
    """The resource changed since the caller read it: read again, then repeat the change."""

    code = "version_conflict"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One row or element that was refused, and why.

    Attributes:
        line: 1-based line of the file, or 0-based index of the batch element.
        code: The error code.
        message: What is wrong and what to do.
        field: The field at fault, where there is one.
        row: What stood there, so that nothing is lost: text, or cells by column.
    """

    line: int
    code: str
    message: str
    field: str | None = None
    row: Mapping[str, str] | str | None = dataclass_field(default=None, compare=False)


class CatalogError(LearnloopError):
    """A catalog import was refused whole; `rejections` names every line that is wrong."""

    code = "catalog_error"

    def __init__(self, message: str, rejections: Sequence[Rejection] = ()) -> None:
        super().__init__(message)
        self.rejections = tuple(rejections)


class DataError(LearnloopError):
    """A data set or file can't be used as asked: a missing column, an empty split."""

    code = "data_error"


class TrainingDiverged(DataError):
    """Training ran into NaN or infinity; the message names the epoch and the batch."""

    code = "training_diverged"


class ArtifactError(LearnloopError):
    """A model artifact is corrupt, foreign, or made for another version."""

    code = "artifact_error"


class FeatureMismatch(ArtifactError):
    """A model was trained on another version of the features than it is given."""

    code = "feature_mismatch"


class Unreachable(LearnloopError):
    """Something outside of learnloop does not answer now; another try may do."""

    code = "unreachable"


class StoreUnavailable(LearnloopError):
    """The database can't take the work now (locked, full, away); nothing was changed."""

    code = "store_unavailable"


class Overloaded(LearnloopError):
    """More work is waiting than can be done in time; nothing was changed."""

    code = "overloaded"
