"""A process to be killed: retrains again and again, and prints each version once it is promoted.

Every challenger is promoted, so that there is a promotion to be interrupted each time.

python -m tests.faults.retrain_and_tell URL
"""

import sys
from typing import Any

from learnloop.journeys import retrain
from learnloop.journeys.engine import PersonalizationEngine, Settings
from learnloop.training.gate import Ruling, rule


def always(*given: Any, **more: Any) -> Ruling:
    """The gate's ruling, but for its verdict."""
    found = rule(*given, **more)
    return Ruling(True, found.reasons, found.figures, found.intervals)


def main(url: str) -> None:
    """Retrain until killed."""
    retrain.rule = always  # type: ignore[attr-defined]
    engine = PersonalizationEngine.open(url, settings=Settings(features=False))
    print("ready", flush=True)
    while True:
        found = engine.retrain("ability")
        assert found.promoted
        print(found.challenger.model, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
