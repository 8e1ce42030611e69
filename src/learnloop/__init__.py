"""learnloop: what each learner knows, and what to study next, and why.

The front door is `PersonalizationEngine`; `learnloop.core` holds the nouns that go in and out.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from learnloop.journeys.engine import PersonalizationEngine, Settings
    from learnloop.journeys.pipeline import PersonalizationDataPipeline

__version__ = "0.1.0"
__all__ = ["PersonalizationDataPipeline", "PersonalizationEngine", "Settings", "__version__"]

_HOME = {
    "PersonalizationDataPipeline": "learnloop.journeys.pipeline",
    "PersonalizationEngine": "learnloop.journeys.engine",
    "Settings": "learnloop.journeys.engine",
}


def __getattr__(name: str) -> Any:
    """Load the engine when it is first asked for, so that the command line starts at once."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'learnloop' has no attribute {name!r}")
