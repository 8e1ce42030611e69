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
    total = max(float(scores.total[row]), 1e-9)
    found: list[Reason] = []
    if drawn.explored:
        found.append(Reason("explore", 0.0, {"propensity": round(drawn.propensity, 6)}))
    n_other = len(found)
    named = set()
    for weight, code, s in sorted(_parts(context, row, scores, config), reverse=True):
        if len(found) == MOST or weight < WORTH_NAMING:
            break
        facts = None if code in named else FACTS[code](context, scores, row, s)
        if facts is not None:
            named.add(code)
            found.append(Reason(code, round(weight / total, 4), facts))
    if len(found) == n_other:
        found.append(Reason("curriculum", 0.0, {"n_answers": context.evidence.n_total}))
    return tuple(found)


def _parts(context: Context, row: int, scores: Scores, config: Config) -> list[Part]:
    w, items, said = config.weights, context.items, context.learner.preferences
    item = items.items[row]
    found = [(w.zone * float(scores.zone[row]), "zone", -1)]
    if context.evidence.item_correct.get(item.item_id) is False:
        found.append((w.retry * float(scores.p_correct[row]), "retry", -1))
    if said.preferred_content_type and item.kind in KINDS_OF[said.preferred_content_type]:
        found.append((w.preference, "preference", -1))
    if said.session_minutes and (item.expected_seconds or 1e9) <= said.session_minutes * 60:
        found.append((w.time, "fits_time", -1))
    for s, share in zip(
        items.item_skills[row].tolist(), items.skill_weights[row].tolist(), strict=True
    ):
        if share:
            gap, review, goal, unlocks, _ = scores.skill_parts[:, s].tolist()
            is_new = not context.evidence.n_answers[s]
            found.append((share * gap, "new_skill" if is_new else "gap", s))
            found.append((share * review, "review_due", s))
            found.append((share * goal, "goal", s))
            found.append((share * unlocks, "unlocks", s))
    return found


def _zone(context: Context, scores: Scores, row: int, s: int) -> Facts | None:
    items, seen = context.items, context.evidence
    if not seen.n_total or scores.zone[row] < 0.5:
        return None
    columns = [items.column_of[x] for x in items.items[row].skills if x in items.column_of]
    n_answers = sum(int(seen.n_answers[x]) for x in columns)
    p_correct = round(float(scores.p_correct[row]), 4)
    if n_answers:
        return {"p_correct": p_correct, "n_answers": n_answers}
    return {"p_correct": p_correct, "n_total": seen.n_total}


def _retry(context: Context, scores: Scores, row: int, s: int) -> Facts:
    item_id = context.items.items[row].item_id
    at = from_us(context.evidence.item_last_us[item_id])
    return {"item_id": item_id, "answered_at": at.isoformat()}


def _preference(context: Context, scores: Scores, row: int, s: int) -> Facts:
    liked = context.learner.preferences.preferred_content_type
    return {"content_type": str(liked), "kind": str(context.items.items[row].kind)}


def _fits_time(context: Context, scores: Scores, row: int, s: int) -> Facts:
    minutes = context.learner.preferences.session_minutes or 0
    seconds = context.items.items[row].expected_seconds or 0.0
    return {"session_minutes": minutes, "minutes": round(seconds / 60, 1)}


def _gap(context: Context, scores: Scores, row: int, s: int) -> Facts:
    return {**_level(context, scores, s), "target": round(scores.target, 4)}


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
    last = from_us(int(context.evidence.last_us[s]))
    return {
        "skill": context.items.skills[s].skill_id,
        "days": (context.at - last).days,
        "last_answered_at": last.isoformat(),
        "n_answers": int(context.evidence.n_answers[s]),
    }


def _goal(context: Context, scores: Scores, row: int, s: int) -> Facts:
    """Named by the priority skill itself, else by the first one that needs this skill."""
    skills, column_of = context.items.skills, context.items.column_of
    skill = skills[s].skill_id
    named = [g for g in context.learner.goals.priority_skills if g in column_of]
    if skill in named:
        return {"skill": skill, "goal": skill}
    ancestors = curriculum_of(context.items).ancestors
    return {"skill": skill, "goal": next(g for g in named if ancestors[column_of[g], s])}


def _level(context: Context, scores: Scores, s: int) -> Facts:
    return {
        "skill": context.items.skills[s].skill_id,
        "mastery": round(float(scores.now.level[s]), 4),
        "n_answers": int(context.evidence.n_answers[s]),
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
