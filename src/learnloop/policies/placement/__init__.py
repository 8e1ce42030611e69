"""Where does a new learner stand? A test that adapts to each answer. Start with `policy.py`.

`blueprint.py` says what a test may ask of a catalog, `ability.py` what the answers say,
`stopping.py` whether that is enough, `selection.py` what to ask next, `reasons.py` why;
`informative.py` finds the items that tell most about a learner outside of any test. `config.py`
holds every number.
"""

from learnloop.policies.placement.ability import Ability, Answer
from learnloop.policies.placement.blueprint import Blueprint
from learnloop.policies.placement.config import Config, Criterion
from learnloop.policies.placement.policy import PlacementPolicy
from learnloop.policies.placement.stopping import Stop

__all__ = ["Ability", "Answer", "Blueprint", "Config", "Criterion", "PlacementPolicy", "Stop"]
