"""Why was this item chosen? One to three reasons, from the parts of its own score.

Each reason names a fact of the learner's own record (answers, goals, preferences) in `detail`, and
appears only because of that fact: take it out of the record and the reason changes or drops. What
the learner did not do or say is no reason; without any, the curriculum's order is the reason.
`weight` is the part's share of the score. The codes and their sentences: `policies/explain.py`.
"""

from collections.abc import Callable, Mapping

from learnloop.core.context import Context
from learnloop.core.time import from_us
from learnloop.core.types import Reason
from learnloop.policies.curriculum import curriculum_of
from learnloop.policies.recommend.config import KINDS_OF, Config
from learnloop.policies.recommend.parts import Scores
from learnloop.policies.recommend.slate import Drawn

MOST = 3
WORTH_NAMING = 0.01  # of score

Facts = dict[str, str | int | float]
Part = tuple[float, str, int]  # what it adds to the score, code, the skill's column (-1: the item)


class Why:
    """The reasons of one decision.

    Attributes:
        context: What the policy saw.
        scores: What it made of it.
        graph: What the catalog's prerequisites imply.
        level: (n_skills,) mastery.
        n_answers: (n_skills,) answers of the learner.
    """

    def __init__(self, context: Context, scores: Scores, config: Config) -> None:
        self.context, self.scores, self._weights = context, scores, config.weights
        self.graph = curriculum_of(context.items)
        self.level: list[float] = scores.now.level.tolist()
        self.n_answers: list[int] = context.evidence.n_answers.tolist()
        self._skill_parts: list[list[float]] = scores.skill_parts.T.tolist()

    def reasons(self, row: int, drawn: Drawn) -> tuple[Reason, ...]:
        """At most three, the largest part first; an explored choice says so first."""
        found: dict[str, Reason] = {}
        if drawn.explored:
            found["explore"] = Reason("explore", 0.0, {"propensity": round(drawn.propensity, 6)})
        n_other, total = len(found), max(self.scores.total.item(row), 1e-9)
        for weight, code, s in self._parts(row):
            if len(found) == MOST:
                break
            facts = None if code in found else FACTS[code](self, row, s)
            if facts is not None:
                found[code] = Reason(code, round(weight / total, 4), facts)
        if len(found) == n_other:
            n_answers = self.context.evidence.n_total
            found["curriculum"] = Reason("curriculum", 0.0, {"n_answers": n_answers})
        return tuple(found.values())

    def _parts(self, row: int) -> list[Part]:
        """What is worth naming of the item's score, the largest first."""
        w, said, scores = self._weights, self.context.learner.preferences, self.scores
        item, skills = self.context.items.items[row], self.graph.skills_of[row]
        found = [(w.zone * scores.zone.item(row), "zone", -1)]
        if self.context.evidence.item_correct.get(item.item_id) is False:
            found.append((w.retry * scores.p_correct.item(row), "retry", -1))
        if said.preferred_content_type and item.kind in KINDS_OF[said.preferred_content_type]:
            found.append((w.preference, "preference", -1))
        if said.session_minutes and (item.expected_seconds or 1e9) <= said.session_minutes * 60:
            found.append((w.time, "fits_time", -1))
        for s in skills:
            codes = CODES if self.n_answers[s] else CODES_OF_NEW
            parts = zip(self._skill_parts[s], codes, strict=False)  # doubt has no code
            found += [(part / len(skills), code, s) for part, code in parts]
        found = [part for part in found if part[0] >= WORTH_NAMING]
        found.sort(reverse=True)
        return found


def _zone(why: Why, row: int, s: int) -> Facts | None:
    n_total = why.context.evidence.n_total
    if not n_total or why.scores.zone.item(row) < 0.5:
        return None
    n_answers = sum([why.n_answers[s] for s in why.graph.skills_of[row]])
    p_correct = round(why.scores.p_correct.item(row), 4)
    if n_answers:
        return {"p_correct": p_correct, "n_answers": n_answers}
    return {"p_correct": p_correct, "n_total": n_total}


def _retry(why: Why, row: int, s: int) -> Facts:
    """Without the day where the log has no times."""
    item_id = why.context.items.items[row].item_id
    at_us = why.context.evidence.item_last_us[item_id]
    if not at_us:
        return {"item_id": item_id}
    return {"item_id": item_id, "answered_at": from_us(at_us).isoformat()}


def _preference(why: Why, row: int, s: int) -> Facts:
    liked = why.context.learner.preferences.preferred_content_type
    return {"content_type": str(liked), "kind": str(why.context.items.items[row].kind)}


def _fits_time(why: Why, row: int, s: int) -> Facts:
    minutes = why.context.learner.preferences.session_minutes or 0
    seconds = why.context.items.items[row].expected_seconds or 0.0
    return {"session_minutes": minutes, "minutes": round(seconds / 60, 1)}


def _gap(why: Why, row: int, s: int) -> Facts:
    return {**_level(why, s), "target": round(why.scores.target, 4)}


def _unlocks(why: Why, row: int, s: int) -> Facts | None:
    """Named with the first skill that needs this one directly and was never answered."""
    waiting = [t for t in why.graph.needed_by[s] if not why.n_answers[t]]
    if not waiting or not why.n_answers[s]:
        return None
    return {**_level(why, s), "next_skill": why.context.items.skills[waiting[0]].skill_id}


def _new_skill(why: Why, row: int, s: int) -> Facts | None:
    """A new skill is open because of what is known: named by the prerequisite with most answers."""
    known = [r for r in why.graph.needs_of[s] if why.n_answers[r]]
    if not known:
        return None
    skills, best = why.context.items.skills, max(known, key=why.n_answers.__getitem__)
    facts = _level(why, best)
    return {**facts, "skill": skills[s].skill_id, "prerequisite": skills[best].skill_id}


def _review_due(why: Why, row: int, s: int) -> Facts:
    last = from_us(why.context.evidence.last_us.item(s))
    return {
        "skill": why.context.items.skills[s].skill_id,
        "days": (why.context.at - last).days,
        "last_answered_at": last.isoformat(),
        "n_answers": why.n_answers[s],
    }


def _goal(why: Why, row: int, s: int) -> Facts:
    """Named by the priority skill itself, else by the first one that needs this skill."""
    items, goals, needs = why.context.items, why.scores.goals, why.graph.ancestors
    skill = items.skills[s].skill_id
    if skill in goals:
        return {"skill": skill, "goal": skill}
    return {"skill": skill, "goal": next(g for g in goals if needs[items.column_of[g], s])}


def _level(why: Why, s: int) -> Facts:
    return {
        "skill": why.context.items.skills[s].skill_id,
        "mastery": round(why.level[s], 4),
        "n_answers": why.n_answers[s],
    }


CODES = ("gap", "review_due", "goal", "unlocks")  # the rows of `Scores.skill_parts`, but the last
CODES_OF_NEW = ("new_skill", *CODES[1:])

FACTS: Mapping[str, Callable[[Why, int, int], Facts | None]] = {
    "zone": _zone,
    "gap": _gap,
    "review_due": _review_due,
    "goal": _goal,
    "new_skill": _new_skill,
    "unlocks": _unlocks,
    "retry": _retry,
    "preference": _preference,
    "fits_time": _fits_time,
}
"""Code -> the facts that the reason names; None where the record holds none."""
