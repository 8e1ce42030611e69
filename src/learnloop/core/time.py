"""What time is it, and how are instants kept? Aware UTC only; whole microseconds when stored."""

from datetime import UTC, datetime, timedelta

from learnloop.core.errors import NaiveTime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current instant, aware UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that moves only when told to: for tests, simulations and replays."""

    def __init__(self, start: datetime) -> None:
        self._now = to_utc(start)

    def now(self) -> datetime:
        """The instant the clock was last set to, aware UTC."""
        return self._now

    def advance(self, **delta: float) -> None:
        """Move on by a `timedelta` given as keywords, e.g. `advance(hours=3)`."""
        self._now += timedelta(**delta)

    def set(self, instant: datetime) -> None:
        """Jump to an instant, backwards too."""
        self._now = to_utc(instant)


def to_utc(instant: datetime, *, field: str = "occurred_at") -> datetime:
    """The same instant in UTC.

    Raises:
        NaiveTime: The instant has no time zone.
    """
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise NaiveTime(
            f"{field}: {instant.isoformat()} has no time zone; write it with one, "
            f"e.g. {instant.isoformat()}Z",
            field=field,
        )
    return instant.astimezone(UTC)


def to_us(instant: datetime) -> int:
    """Whole microseconds since 1970-01-01T00:00Z; exact, unlike a float timestamp."""
    return (instant - EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The instant at `us` microseconds since 1970-01-01T00:00Z, aware UTC."""
    return EPOCH + timedelta(microseconds=us)
