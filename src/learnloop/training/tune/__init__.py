"""Which settings of a model are best? A search by Optuna that any executor runs; `search.py`.

A model declares beside its Config what may be tried (`core/search_space.py`). `pruning.py` says
when a trial is given up early, `journal.py` keeps what was found so that a killed search goes on,
`results.py` is the answer, `plots.py` its pictures.
"""

from learnloop.training.tune.pruning import Halving, Median
from learnloop.training.tune.results import Finished, Status, Tuned
from learnloop.training.tune.search import Search, tune
from learnloop.training.tune.trial import Pruned, Trial

__all__ = [
    "Finished",
    "Halving",
    "Median",
    "Pruned",
    "Search",
    "Status",
    "Trial",
    "Tuned",
    "tune",
]
