"""What identifies things? Distinct types: a learner's id and an item's id can't be swapped."""

from typing import NewType

LearnerId = NewType("LearnerId", str)
SkillId = NewType("SkillId", str)
ItemId = NewType("ItemId", str)
CourseId = NewType("CourseId", str)
InteractionId = NewType("InteractionId", str)
DecisionId = NewType("DecisionId", str)
OutcomeId = NewType("OutcomeId", str)
KeyId = NewType("KeyId", str)

MAX_ID_LENGTH = 200
