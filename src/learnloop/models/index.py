"""Which models are there? Name -> module; the only list of models.

A model module has `NAME`, a frozen `Config`, `fit(data, config, *, version, rng)`, `load(artifact)`
and, where it can serve before anything was fitted, `from_catalog(items)`.
"""

from typing import Final

from learnloop.models import ability

MODELS: Final = {ability.NAME: ability}
DEFAULT: Final = ability.NAME
