"""How fast does pyBKT take one answer and predict the next? `Roster.update_state`.

Its documented way for one answer at a time: fit a `Model`, give it to a `Roster`, then
`roster.update_state(skill, student, correct=1)`, whose result holds P(next answer right) and
mastery. `parallel=False`: the default makes a process pool for each call where the compiled E-step
is missing. Skills are fitted once, from few rows, for the cost does not depend on the values.
"""

import importlib.util
from itertools import cycle, islice
from typing import Any

import pandas as pd
from pyBKT.models import Model, Roster
from timing import Timing, timed
from worker import Job, serve


def setup(asked: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Job]]:
    """`fit` and `warm` are rows (learner, skill, correct); `stream` what is measured."""
    fit = pd.DataFrame(asked["fit"], columns=["user_id", "skill_name", "correct"])
    fit["order_id"] = range(len(fit))
    model = Model(seed=42, num_fits=1, parallel=False)
    model.fit(data=fit)
    skills = sorted(model.fit_model)
    learners = sorted({row[0] for row in asked["stream"]})
    roster = Roster(learners, skills, model=model)
    for learner, skill, correct in asked["warm"]:
        roster.update_state(skill, learner, correct)
    stream = cycle([(skill, learner, correct) for learner, skill, correct in asked["stream"]])

    def update(n: int) -> Timing:
        return timed(roster.update_state, islice(stream, n))

    compiled = importlib.util.find_spec("pyBKT.fit.E_step") is not None
    build = "compiled E-step (sdist)" if compiled else "pure Python (wheel)"
    return {"build": build, "n_skills": len(skills)}, {"update": update}


if __name__ == "__main__":
    serve(setup)
