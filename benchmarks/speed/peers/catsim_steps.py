"""How long does catsim take for a step? Estimate, standard error, select; CPU nanoseconds of each.

Run by benchmarks/speed/placement.py in an interpreter that has catsim: reads a file of items and
answers, calls catsim the way its documentation does, prints one JSON document.
"""

import json
import sys
import time

import numpy as np
from catsim import irt
from catsim.estimation import NumericalSearchEstimator
from catsim.item_bank import ItemBank
from catsim.selection import MaxInfoSelector


def main() -> None:
    given = np.load(sys.argv[1])
    n, right, rounds = given["items"].shape[0], given["right"].tolist(), int(given["rounds"])
    items = np.column_stack([given["items"], np.ones(n)])
    bank, selector, estimator = ItemBank(items), MaxInfoSelector(), NumericalSearchEstimator()
    found = {}
    for k in given["answers"].tolist():
        asked, answers = list(range(k)), [bool(x) for x in right[:k]]
        spent = []
        for _ in range(rounds):
            began = time.process_time_ns()
            theta = estimator.estimate(
                item_bank=bank, administered_items=asked, response_vector=answers, est_theta=0.0
            )
            irt.see(theta, items[asked])
            selector.select(item_bank=bank, administered_items=asked, est_theta=theta)
            spent.append(time.process_time_ns() - began)
        found[k] = spent
    print(json.dumps(found))


if __name__ == "__main__":
    main()
