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


def reasons(
    context: Context, row: int, drawn: Drawn, scores: Scores, config: Config
) -> tuple[Reason, ...]:
    """At most three, the largest part first; an explored choice says so first."""
    found: dict[str, Reason] = {}
    if drawn.explored:
        found["explore"] = Reason("explore", 0.0, {"propensity": round(drawn.propensity, 6)})
    n_other, total = len(found), max(scores.total.item(row), 1e-9)
    for weight, code, s in _parts(context, row, scores, config):
        if len(found) == MOST:
            break
        facts = None if code in found else FACTS[code](context, scores, row, s)
        if facts is not None:
            found[code] = Reason(code, round(weight / total, 4), facts)
    if len(found) == n_other:
        found["curriculum"] = Reason("curriculum", 0.0, {"n_answers": context.evidence.n_total})
    return tuple(found.values())


def _parts(context: Context, row: int, scores: Scores, config: Config) -> list[Part]:
    """What is worth naming of the item's score, the largest first."""
    w, said = config.weights, context.learner.preferences
    item, skills = context.items.items[row], scores.skills_of[row]
    found = [(w.zone * scores.zone.item(row), "zone", -1)]
    if context.evidence.item_correct.get(item.item_id) is False:
        found.append((w.retry * scores.p_correct.item(row), "retry", -1))
    if said.preferred_content_type and item.kind in KINDS_OF[said.preferred_content_type]:
        found.append((w.preference, "preference", -1))
    if said.session_minutes and (item.expected_seconds or 1e9) <= said.session_minutes * 60:
        found.append((w.time, "fits_time", -1))
    for s in skills:
        gap, review, goal, unlocks, _ = (scores.skill_parts[:, s] / len(skills)).tolist()
        found.append((gap, "gap" if context.evidence.n_answers[s] else "new_skill", s))
        found += ((review, "review_due", s), (goal, "goal", s), (unlocks, "unlocks", s))
    return sorted([part for part in found if part[0] >= WORTH_NAMING], reverse=True)


def _zone(context: Context, scores: Scores, row: int, s: int) -> Facts | None:
    seen = context.evidence
    if not seen.n_total or scores.zone[row] < 0.5:
        return None
    n_answers = sum(seen.n_answers.item(x) for x in scores.skills_of[row])
    p_correct = round(scores.p_correct.item(row), 4)
    if n_answers:
        return {"p_correct": p_correct, "n_answers": n_answers}
    return {"p_correct": p_correct, "n_total": seen.n_total}


def _retry(context: Context, scores: Scores, row: int, s: int) -> Facts:
    """Without the day where the log has no times."""
    item_id = context.items.items[row].item_id
    at_us = context.evidence.item_last_us[item_id]
    if not at_us:
        return {"item_id": item_id}
    return {"item_id": item_id, "answered_at": from_us(at_us).isoformat()}


def _preference(context: Context, scores: Scores, row: int, s: int) -> Facts:
    liked = context.learner.preferences.preferred_content_type
    return {"content_type": str(liked), "kind": str(context.items.items[row].kind)}


def _fits_time(context: Context, scores: Scores, row: int, s: int) -> Facts:
    minutes = context.learner.preferences.session_minutes or 0
    seconds = context.items.items[row].expected_seconds or 0.0
    return {"session_minutes": minutes, "minutes": round(seconds / 60, 1)}


def _gap(context: Context, scores: Scores, row: int, s: int) -> Facts:
    facts = _level(context, scores, s)
    facts["target"] = round(scores.target, 4)
    return facts


def _unlocks(context: Context, scores: Scores, row: int, s: int) -> Facts | None:
    """Named with the first skill that needs this one directly and was never answered."""
    waiting = context.items.prerequisites[:, s] & (context.evidence.n_answers == 0)
    if not context.evidence.n_answers[s] or not waiting.any():
        return None
    next_skill = context.items.skills[int(waiting.argmax())].skill_id
    return {**_level(context, scores, s), "next_skill": next_skill}


def _new_skill(context: Context, scores: Scores, row: int, s: int) -> Facts | None:
    """A new skill is open because of what is known: named by the prerequisite with most answers."""
    seen, skills = context.evidence, context.items.skills
    known = [context.items.column_of[p] for p in skills[s].prerequisites]
    known = [r for r in known if seen.n_answers[r]]
    if not known:
        return None
    best = max(known, key=lambda r: int(seen.n_answers[r]))
    facts = _level(context, scores, best)
    return {**facts, "skill": skills[s].skill_id, "prerequisite": skills[best].skill_id}


def _review_due(context: Context, scores: Scores, row: int, s: int) -> Facts:
    last = from_us(context.evidence.last_us.item(s))
    return {
        "skill": context.items.skills[s].skill_id,
        "days": (context.at - last).days,
        "last_answered_at": last.isoformat(),
        "n_answers": context.evidence.n_answers.item(s),
    }


def _goal(context: Context, scores: Scores, row: int, s: int) -> Facts:
    """Named by the priority skill itself, else by the first one that needs this skill."""
    skill, column_of = context.items.skills[s].skill_id, context.items.column_of
    if skill in scores.goals:
        return {"skill": skill, "goal": skill}
    ancestors = curriculum_of(context.items).ancestors
    return {"skill": skill, "goal": next(g for g in scores.goals if ancestors[column_of[g], s])}


def _level(context: Context, scores: Scores, s: int) -> Facts:
    return {
        "skill": context.items.skills[s].skill_id,
        "mastery": round(scores.now.level.item(s), 4),
        "n_answers": context.evidence.n_answers.item(s),
    }


FACTS: Mapping[str, Callable[[Context, Scores, int, int], Facts | None]] = {
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
