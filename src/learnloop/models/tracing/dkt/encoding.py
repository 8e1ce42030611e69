"""What is the network told, in numbers? The same ones where it learns and where it serves.

    times = (g / 10, (g - ln 1800)+ / 5, (g - ln 43200)+ / 5)       g = log(1 + seconds)
    asked = (1, facts of the item, times since the last known row, the learner's own traces)

The bends of `times` are where a session ends and where a night lies between.
"""

from typing import Final, NamedTuple

import numpy as np

from learnloop.core.answers import STUDY, AnswerLog
from learnloop.core.types import Floats
from learnloop.models.tracing.dkt.facts import N_FACTS
from learnloop.models.tracing.dkt.traces import (
    N_TRACES,
    NEW_SKILL,
    ItemTrace,
    SkillTrace,
    met,
    practised,
    told,
)
from learnloop.models.tracing.sequences import Floats32

SESSION: Final = float(np.log(1800.0))
NIGHT: Final = float(np.log(43200.0))
N_TIMES: Final = 3
N_ASKED: Final = 1 + N_FACTS + N_TIMES + N_TRACES


def times(log_seconds: Floats | np.float64) -> Floats:
    """(..., N_TIMES) from log(1 + seconds), (...)."""
    later = (np.maximum(log_seconds - bend, 0.0) / 5.0 for bend in (SESSION, NIGHT))
    return np.stack([np.asarray(log_seconds / 10.0), *later], axis=-1)


class Told(NamedTuple):
    """What traces say of each row's own item.

    Attributes:
        asked: (n, N_TRACES) before its instant.
        before: (n, N_TRACES) right before the row.
        after: (n, N_TRACES) right after it.
    """

    asked: Floats32
    before: Floats32
    after: Floats32


def trace_log(log: AnswerLog) -> Told:
    """The traces of every learner of a log, row by row."""
    found = Told(*(np.zeros((len(log), N_TRACES), np.float32) for _ in range(3)))
    names = [tuple(log.skill_ids[s] for s in log.skills_of(i)) for i in range(len(log.item_ids))]
    items, answers, times_us = log.item.tolist(), log.correct.tolist(), log.times.tolist()
    instants, starts = log.instant.tolist(), log.starts.tolist()
    for learner in range(len(log.learner_ids)):
        skills: dict[str, SkillTrace] = {}
        latest: dict[str, ItemTrace] = {}
        known, n_known, instant = (skills, latest), 0, -1
        for n, row in enumerate(range(starts[learner], starts[learner + 1])):
            i, at_us = items[row], times_us[row]
            name, own = log.item_ids[i], names[i]
            if instants[row] != instant:
                instant, known, n_known = instants[row], (skills, latest), n
            sign = 0 if answers[row] == STUDY else 2 * answers[row] - 1
            found.asked[row] = told(*known, name, own, at_us, n_known)
            found.before[row] = told(skills, latest, name, own, at_us, n)
            latest = met(latest, name, sign, at_us, n + 1)
            skills = skills | {
                s: practised(skills.get(s, NEW_SKILL), sign, at_us, n + 1) for s in own
            }
            found.after[row] = told(skills, latest, name, own, at_us, n + 1)
    return found
