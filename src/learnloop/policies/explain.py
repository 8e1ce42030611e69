"""What does a reason say in plain words? One sentence per code, for a reader of twelve.

`SENTENCES` is the one list of codes; docs/recommendations.md describes each. Under 5 answers no
percentage is shown: the `UNSURE` wording is used instead.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from learnloop.core.ids import SkillId
from learnloop.core.items import ItemTable
from learnloop.core.types import Reason

Fact = str | int | float

SURE_ANSWERS = 5

SENTENCES: Mapping[str, str] = {
    "zone": (
        "At this level you get about {p_correct} right, going by your {answers}: "
        "not too easy, not too hard."
    ),
    "gap": "You are at {mastery} in {skill} after {answers}; the aim is {target}.",
    "review_due": "You last practised {skill} {days}, on {last_answered_at}: time to refresh it.",
    "goal": "You said that {goal} matters to you, and this leads there.",
    "new_skill": (
        "{skill} is new, and you are ready: you are at {mastery} in {prerequisite} after {answers}."
    ),
    "unlocks": "You are at {mastery} in {skill} after {answers}; once you know it, you can start "
    "{next_skill}.",
    "retry": "You got this one wrong on {answered_at}: try it again.",
    "preference": "You said that you like {content_type} content best.",
    "fits_time": "It takes about {minutes} minutes, and you said you have {session_minutes}.",
    "explore": "We are trying something a little different to learn what helps you.",
    "curriculum": "It is next in the course; you have given {answers} so far.",
    "no_estimate": "We can't yet say how well you would do, so this follows the course's order.",
    "personalization_off": "You have switched personal choices off: this follows the course.",
    "informative": "You would get about {p_correct} of these right, going by your {answers}: your "
    "answer tells us much.",
    "spread": "It is one of the {n_best} questions that tell us most, drawn by chance, so that not "
    "everybody gets the same ones.",
    "coverage": "You have had {n_asked} on {skill} in this test: it is its turn.",
    "placement": "This is question {number} of at most {max_items} that find out where you stand.",
}
"""Reason code -> sentence."""

UNSURE: Mapping[str, str] = {
    "zone": "This should be neither too easy nor too hard, going by your {answers}.",
    "gap": "You have given {answers} in {skill}: we are not sure yet how well you know it.",
    "new_skill": "{skill} is new, and you are ready: you did well in {prerequisite}, with "
    "{answers}.",
    "unlocks": "You have given {answers} in {skill}; once you know it, you can start {next_skill}.",
    "informative": "We know little yet, with {answers} from you to such questions: this one "
    "tells us much.",
}
"""The wording under 5 answers, where it differs."""

UNDATED: Mapping[str, str] = {"retry": "You got this one wrong last time: try it again."}
"""The wording where nobody knows when it was (a log without times), where it differs."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def sentence(reason: Reason, items: ItemTable | None = None) -> str:
    """The reason as one sentence.

    Args:
        items: Where skills find their names; without it their ids are shown.

    Raises:
        KeyError: No such code.
    """
    facts, code = reason.detail, reason.code
    template = SENTENCES[code]
    n = facts.get("n_answers", facts.get("n_total", SURE_ANSWERS))
    if int(n) < SURE_ANSWERS:
        template = UNSURE.get(code, template)
    if "answered_at" not in facts:
        template = UNDATED.get(code, template)
    words = {key: _SAID[key](fact, items) if key in _SAID else fact for key, fact in facts.items()}
    words["answers"] = "1 answer" if n == 1 else f"{n} answers"
    text = template.format_map(words)
    return text[0].upper() + text[1:]


def _name(skill: Fact, items: ItemTable | None) -> str:
    column = None if items is None else items.column_of.get(SkillId(str(skill)))
    return str(skill) if items is None or column is None else items.skills[column].name


def _share(value: Fact, items: ItemTable | None) -> str:
    return f"{round(100 * float(value))}%"


def _day(instant: Fact, items: ItemTable | None) -> str:
    when = datetime.fromisoformat(str(instant))
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def _ago(days: Fact, items: ItemTable | None) -> str:
    if days == 0:
        return "today"
    return "yesterday" if days == 1 else f"{days} days ago"


def _questions(n: Fact, items: ItemTable | None) -> str:
    return "1 question" if n == 1 else f"{float(n):g} questions" if n else "no question"


_SAID: Mapping[str, Callable[[Fact, ItemTable | None], str]] = {
    "skill": _name,
    "goal": _name,
    "prerequisite": _name,
    "next_skill": _name,
    "mastery": _share,
    "p_correct": _share,
    "target": _share,
    "answered_at": _day,
    "last_answered_at": _day,
    "days": _ago,
    "n_asked": _questions,
}
"""Fact -> how it is put into words; the others are said as they are."""
