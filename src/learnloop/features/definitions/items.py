"""What is asked? The item of the question, from the frozen statistics of training learners."""

from learnloop.features.definition import Definer, Family, Feature
from learnloop.features.definitions.parts import INF, UNKNOWN
from learnloop.features.fields import (
    ability_slope,
    easiness,
    is_exercise,
    is_reading,
    is_video,
    item_n,
    item_seconds,
    item_spread,
    lately_slope,
    n_skills,
    skill_slope,
)
from learnloop.features.language import op, unknown, where

of_item = Definer(Family.ITEM)

FEATURES: tuple[Feature, ...] = (
    of_item("item_easiness", easiness, "Logit of a right answer of a middle learner.",
            unit="logit", low=-INF, high=INF),
    of_item("content_difficulty",
            where(unknown(easiness), UNKNOWN,
                  where(easiness > 1.0, 0.0, where(easiness < -1.0, 2.0, 1.0))),
            "0 easy (log odds of a right answer over 1), 1 middle, 2 hard (under -1).",
            unit="class", high=2.0),
    of_item("item_seconds", item_seconds, "Typical seconds of training learners, or the author's.",
            unit="s", high=600.0),
    of_item("item_seconds_spread", item_spread, "Spread of log(1 + seconds) between learners.",
            high=INF),
    of_item("item_evidence", item_n, "log(1 + answers of training learners).", high=INF,
            default=0.0),
    of_item("item_ability_slope", ability_slope,
            "Logits more than usual that a logit of ability is worth at this item.",
            low=-INF, high=INF, default=0.0),
    of_item("item_lately_slope", lately_slope,
            "Logits that a surprise in the learner's latest answers is worth at this item.",
            unit="logit", low=-INF, high=INF, default=0.0),
    of_item("item_skill_slope", skill_slope,
            "Logits that a surprise in the latest answers to its skills is worth at this item.",
            unit="logit", low=-INF, high=INF, default=0.0),
    of_item("item_n_skills", n_skills, "Skills that the item practises.", unit="count", high=INF,
            default=0.0),
    of_item("item_is_exercise", op("number", is_exercise), "1 for exercises and assessments.",
            default=0.0),
    of_item("item_is_video", op("number", is_video), "1 for videos.", default=0.0),
    of_item("item_is_reading", op("number", is_reading), "1 for readings.", default=0.0),
)  # fmt: skip
