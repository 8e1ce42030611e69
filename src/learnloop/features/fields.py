"""What does a moment have? The fields of an event; a question has those of its item and its time.

Times are milliseconds since 1970 and unknown in logs without times. Durations are clamped to
[0, 600] seconds and rounded to 1/128 s, so that sums of them and of their squares are exact.
"""

from learnloop.features.language import Expr, Field, t

MAX_SECONDS = 600.0
PER_SECOND = 128.0


def _flag(name: str, meaning: str, *, asked: bool = False) -> Field:
    return Field(name=name, meaning=meaning, truth=True, asked=asked)


def _value(name: str, meaning: str, *, known: bool = False, asked: bool = False) -> Field:
    return Field(name=name, meaning=meaning, known=known, asked=asked)


# Of the item, as a question has them too.
item = Field(name="item", meaning="The item's id", opaque=True, on_grid=False)
skill = Field(name="skill", meaning="The id of the item's first skill", opaque=True, on_grid=False)
easiness = _value("easiness", "Logit of a right answer of a middle learner", asked=True)
item_seconds = _value("item_seconds", "Typical seconds an answer takes", asked=True)
item_spread = _value("item_spread", "Spread of log(1 + seconds) of the item", asked=True)
item_n = _value("item_n", "log(1 + training answers) of the item", known=True, asked=True)
ability_slope = _value(
    "ability_slope", "How much more than usual the item follows ability", known=True, asked=True
)
lately_slope = _value(
    "lately_slope", "The same of the latest answers, beside ability", known=True, asked=True
)
skill_slope = _value(
    "skill_slope", "The same of the latest answers to the skill", known=True, asked=True
)
n_skills = _value("n_skills", "How many skills the item has", known=True, asked=True)
is_exercise = _flag("is_exercise", "The item is an exercise or assessment", asked=True)
is_video = _flag("is_video", "The item is a video", asked=True)
is_reading = _flag("is_reading", "The item is a reading", asked=True)

# Of the event.
answered = _flag("answered", "An answer was given")
studied = _flag("studied", "The item was studied without an answer")
started = _flag("started", "The item was opened")
viewed = _flag("viewed", "The item was looked at")
completed = _flag("completed", "The item was finished")
skipped = _flag("skipped", "The item was left out")
hinted = _flag("hinted", "A hint was asked for")
played = _flag("played", "A video began to play")
paused = _flag("paused", "A video was paused")
seeked = _flag("seeked", "A video was moved to another place")
recommended = _flag("recommended", "It came of a decision")
correct = _value("correct", "1 right, 0 wrong")
score = _value("score", "Partial credit, 0-1")
seconds = _value("seconds", "Response time, 0-600 s")
hints = _value("hints", "Hints taken before the answer, at most 50", known=True)
position = _value("position", "Where in the video, seconds")
moved = _value("moved", "How far a seek went, seconds; backwards is negative")

EVENT_FIELDS: tuple[Field, ...] = (
    t, item, skill, easiness, item_seconds, item_spread, item_n, ability_slope, lately_slope,
    skill_slope, n_skills, is_exercise, is_video, is_reading, answered, studied, started, viewed,
    completed, skipped, hinted, played, paused, seeked, recommended, correct, score, seconds,
    hints, position, moved,
)  # fmt: skip
ASKED_FIELDS: tuple[Field, ...] = EVENT_FIELDS[:14]
ITEM_FIELDS: tuple[Field, ...] = ASKED_FIELDS[1:]

HOUR_MS = 3_600_000.0
DAY_MS = 24 * HOUR_MS


def hour_of_day(time: Expr) -> Expr:
    """0-23, UTC."""
    return time // HOUR_MS % 24.0


def day(time: Expr) -> Expr:
    """Days since 1970-01-01."""
    return time // DAY_MS


def weekday(time: Expr) -> Expr:
    """0 = Monday."""
    return (day(time) + 3.0) % 7.0
