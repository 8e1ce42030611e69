"""What should the learner study next? Start with `policy.py`.

`eligible.py` says what may be shown at all, `parts.py` scores it, `slate.py` draws, `reasons.py`
says why, `config.py` holds every weight.
"""

from learnloop.policies.recommend.config import Config
from learnloop.policies.recommend.policy import RecommendPolicy

__all__ = ["Config", "RecommendPolicy"]
