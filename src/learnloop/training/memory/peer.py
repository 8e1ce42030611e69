"""Which parameters does fsrs-rs find? Asked in an interpreter of its own.

It has the bindings `fsrs-rs-python`, which learnloop does not need: give the interpreter of a
virtual environment where they are installed.
"""

import json
import subprocess
from pathlib import Path
from typing import Final

import numpy as np

from learnloop.core.errors import DataError
from learnloop.core.types import Floats, Ints
from learnloop.models.memory.batch import Reviews

TIMEOUT_S: Final = 600
SCRIPT: Final = """
import json, sys, time
from fsrs_rs_python import FSRS, FSRSItem, FSRSReview
asked = json.load(sys.stdin)
items = [FSRSItem([FSRSReview(*one) for one in history]) for history in asked["items"]]
begun = time.process_time()
found = FSRS([]).compute_parameters(items, asked["cards"])
print(json.dumps({"parameters": list(found), "cpu_s": time.process_time() - begun}))
"""


def fitted(python: Path, reviews: Reviews, train: Ints) -> tuple[Floats, float]:
    """(21,) parameters by fsrs-rs, and the CPU seconds that it took.

    Args:
        python: An interpreter that has `fsrs-rs-python`.
        reviews: In order.
        train: Rows of the training reviews, in order of time.

    Raises:
        DataError: It has not, or it failed.
    """
    starts = np.flatnonzero(reviews.first)
    start = starts[reviews.card]
    pairs = np.column_stack([reviews.grade, reviews.days.astype(np.int64)]).tolist()
    asked = {
        "items": [pairs[start[row] : row + 1] for row in train.tolist()],
        "cards": reviews.card[train].tolist(),
    }
    try:
        done = subprocess.run(
            [str(python), "-c", SCRIPT],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
        )
        told = json.loads(done.stdout)
        return np.array(told["parameters"], dtype=np.float64), float(told["cpu_s"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        why = getattr(error, "stderr", None) or str(error)
        last = why.strip().splitlines()[-1] if why.strip() else repr(error)
        raise DataError(f"peer-python: {python} can't ask fsrs-rs: {last}", field="peer") from error
