"""Which models are there? Name -> module; the only lists of models.

Every module has `NAME`, the `SLOT` that it is made for, the `MARGIN` by which a new version has to
be better, a frozen `Config`, and `load`. The modules of `MODELS` are estimators: they keep a state
of each learner, have `fit(log, config, *, version, rng)` and, where they can serve before anything
was fitted, `from_catalog(items)`. Those of `PREDICTORS` have no such state: they have
`fit(rows, features, config, *, version, seed, created_at)` and give an artifact; `GOES_ON` says
whether it can go on from an earlier one. Those of `MEMORIES` keep a state of each learner and say
what is recalled: they have `fit(log, config, *, version, skills)` and `from_catalog(skills)`.
"""

from typing import Final

from learnloop.models import ability, ensemble, irt, memory
from learnloop.models.tracing import attentive, bkt, boosted, dkt, feature_net, logistic

MODELS: Final = {
    ability.NAME: ability,
    irt.NAME: irt,
    bkt.NAME: bkt,
    logistic.NAME: logistic,
    dkt.NAME: dkt,
    attentive.NAME: attentive,
    ensemble.NAME: ensemble,
}
PREDICTORS: Final = {feature_net.NAME: feature_net, boosted.NAME: boosted}
MEMORIES: Final = {memory.NAME: memory}
DEFAULT: Final = ability.NAME
