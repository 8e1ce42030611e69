"""Which items do xAPI statements name? Their activities, as they are defined and as they were used.

An item is of the kind that its activity's type says; of another type or none, it is a video where
it was played, an exercise where it was judged, and else a reading. It has no skills: xAPI has none.
"""

from dataclasses import dataclass

from learnloop.core.ids import ItemId, is_control
from learnloop.core.types import Interaction, InteractionKind, Item, ItemKind
from learnloop.events.xapi.statement import Definition, Statement, Words

MAX_TITLE = 200
MAX_TEXT = 2_000
MAX_LENGTH_S = 86_400.0

_ADL = "http://adlnet.gov/expapi/activities"
TYPES = {
    "https://w3id.org/xapi/video/activity-type/video": ItemKind.VIDEO,
    "http://activitystrea.ms/schema/1.0/video": ItemKind.VIDEO,
    f"{_ADL}/cmi.interaction": ItemKind.EXERCISE,
    f"{_ADL}/question": ItemKind.EXERCISE,
    f"{_ADL}/assessment": ItemKind.ASSESSMENT,
}
_WATCHING = frozenset({InteractionKind.PLAYED, InteractionKind.PAUSED, InteractionKind.SEEKED})


@dataclass(slots=True)
class _Met:
    """What is known of an activity; the first that says something is right."""

    definition: Definition | None = None
    length_s: float | None = None
    is_watched: bool = False
    is_judged: bool = False


class Activities:
    """The activities met so far."""

    def __init__(self) -> None:
        self._met: dict[ItemId, _Met] = {}

    def add(self, statement: Statement, told: Interaction) -> None:
        """The statement told this of its activity."""
        met = self._met.setdefault(told.item_id, _Met())
        met.definition = met.definition or statement.object.definition
        if met.length_s is None:
            met.length_s = _length_s(statement)
        met.is_watched |= told.kind in _WATCHING
        met.is_judged |= told.correct is not None or told.score is not None

    def items(self) -> tuple[Item, ...]:
        """An item for each activity, in the order they were met."""
        return tuple(_item(item_id, met) for item_id, met in self._met.items())


def _item(item_id: ItemId, met: _Met) -> Item:
    definition = met.definition or Definition()
    return Item(
        item_id,
        kind=_kind(definition, met),
        title=_in_english(definition.name)[:MAX_TITLE] or item_id,
        text=_in_english(definition.description)[:MAX_TEXT],
        expected_seconds=met.length_s,
    )


def _kind(definition: Definition, met: _Met) -> ItemKind:
    if definition.type in TYPES:
        return TYPES[definition.type]
    if met.is_watched:
        return ItemKind.VIDEO
    return ItemKind.EXERCISE if met.is_judged else ItemKind.READING


def _length_s(statement: Statement) -> float | None:
    for extensions in (statement.result.extensions, statement.context.extensions):
        length_s = extensions.length
        if length_s is not None and 0.0 < length_s <= MAX_LENGTH_S:
            return length_s
    return None


def _in_english(words: Words | None) -> str:
    """The English text, else the first, in one line."""
    if not words:
        return ""
    tag = min(words, key=lambda tag: (tag != "en", not tag.startswith("en-")))
    return " ".join("".join(" " if is_control(c) else c for c in words[tag]).split())
