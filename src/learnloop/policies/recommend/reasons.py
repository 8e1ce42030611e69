"""Why was this item chosen? One to three reasons, from the parts of its own score.

Each reason names a fact of the learner's own record (answers, goals, preferences) in `detail`, and
appears only because of that fact: take it out of the record and the reason changes or drops. What
the learner did not do or say is no reason; without any, the curriculum's order is the reason.
`weight` is the part's share of the score. The codes and their sentences: `policies/explain.py`.
"""

import math
from collections.abc import Iterator
from itertools import chain

from learnloop.core.time import from_us
from learnloop.core.types import ContentType, Context, Reason
from learnloop.policies.curriculum import curriculum_of
from learnloop.policies.recommend.config import KINDS_OF, Config
from learnloop.policies.recommend.parts import Scores, fits
from learnloop.policies.recommend.slate import Drawn

MOST = 3
WORTH_NAMING = 0.01  # of score

Facts = dict[str, str | int | float]
Found = tuple[float, str, Facts]


def reasons(
    context: Context, row: int, drawn: Drawn, scores: Scores, config: Config, p_correct: float
) -> tuple[Reason, ...]:
    """At most three, the largest part first; an explored choice says so first."""
    found = list(
        chain(
            _of_item(context, row, scores, config, p_correct),
            *(_of_skill(context, s, scores, config, share) for s, share in _skills(context, row)),
        )
    )
    found = sorted((x for x in found if x[0] >= WORTH_NAMING), key=lambda x: -x[0])
    kept = _one_of_each(found)[: MOST - drawn.explored]
    if drawn.explored:
        propensity = round(drawn.propensity, 6)
        kept.insert(0, (config.weights.doubt, "explore", {"propensity": propensity}))
    if not kept or (drawn.explored and len(kept) == 1):
        kept.append((0.0, "curriculum", {"n_answers": context.evidence.n_total}))
    total = max(float(scores.total[row]), 1e-9)
    return tuple(Reason(code, round(weight / total, 4), detail) for weight, code, detail in kept)


def _skills(context: Context, row: int) -> list[tuple[int, float]]:
    columns = context.items.item_skills[row].tolist()
    shares = context.items.skill_weights[row].tolist()
    return [(s, share) for s, share in zip(columns, shares, strict=True) if share > 0.0]


def _one_of_each(found: list[Found]) -> list[Found]:
    seen: dict[str, Found] = {}
    for one in found:
        seen.setdefault(one[1], one)
    return list(seen.values())


def _of_item(
    context: Context, row: int, scores: Scores, config: Config, p_correct: float
) -> Iterator[Found]:
    w, seen = config.weights, context.evidence
    item = context.items.items[row]
    said = context.learner.preferences
    n_skill = sum(int(seen.n_answers[s]) for s, _ in _skills(context, row))
    facts: Facts
    if seen.n_total and scores.zone[row] > 0.5:
        facts = {"n_answers": n_skill} if n_skill else {"n_total": seen.n_total}
        facts["p_correct"] = round(p_correct, 4)
        yield w.zone * float(scores.zone[row]), "zone", facts
    if seen.item_correct.get(item.item_id) is False:
        at = from_us(seen.item_last_us[item.item_id]).isoformat()
        yield w.retry, "retry", {"item_id": item.item_id, "answered_at": at}
    liked = said.preferred_content_type
    if liked is not None and item.kind in KINDS_OF[ContentType(liked)]:
        yield w.preference, "preference", {"content_type": str(liked), "kind": str(item.kind)}
    seconds = float(context.items.expected_seconds[row])
    if said.session_minutes is not None and not math.isnan(seconds):
        share = float(fits(context.items.expected_seconds[[row]], said.session_minutes)[0])
        if share == 1.0:
            facts = {"session_minutes": said.session_minutes, "minutes": round(seconds / 60, 1)}
            yield w.time, "fits_time", facts


def _of_skill(
    context: Context, s: int, scores: Scores, config: Config, share: float
) -> Iterator[Found]:
    w, seen = config.weights, context.evidence
    n_answers, skill = int(seen.n_answers[s]), context.items.skills[s].skill_id
    level = round(float(scores.now.level[s]), 4)
    if n_answers:
        facts: Facts = {"skill": skill, "mastery": level, "n_answers": n_answers}
        to_target: Facts = {**facts, "target": round(scores.target, 4)}
        yield share * w.gap * float(scores.gap[s]), "gap", to_target
        waiting = _waiting(context, s)
        if waiting:
            opens: Facts = {**facts, "next_skill": waiting}
            yield share * w.unlocks * float(scores.unlocks[s]), "unlocks", opens
        yield share * w.review * float(scores.review[s]), "review_due", _last(context, s)
    else:
        yield from _new_skill(context, s, scores, share * w.gap * float(scores.gap[s]))
    if scores.goal[s] > 0.0:
        yield share * w.goal * float(scores.goal[s]), "goal", _goal(context, s)


def _last(context: Context, s: int) -> Facts:
    last = from_us(int(context.evidence.last_us[s]))
    return {
        "skill": context.items.skills[s].skill_id,
        "days": (context.at - last).days,
        "last_answered_at": last.isoformat(),
        "n_answers": int(context.evidence.n_answers[s]),
    }


def _waiting(context: Context, s: int) -> str | None:
    """The first skill that needs this one directly and was never answered."""
    needing = context.items.prerequisites[:, s] & (context.evidence.n_answers == 0)
    return context.items.skills[int(needing.argmax())].skill_id if needing.any() else None


def _new_skill(context: Context, s: int, scores: Scores, weight: float) -> Iterator[Found]:
    """A new skill is open because of what is known: the prerequisite with most answers."""
    seen, skills = context.evidence, context.items.skills
    column_of = context.items.column_of
    known = [column_of[p] for p in skills[s].prerequisites]
    known = [r for r in known if seen.n_answers[r]]
    if known:
        r = max(known, key=lambda r: int(seen.n_answers[r]))
        detail: Facts = {
            "skill": skills[s].skill_id,
            "prerequisite": skills[r].skill_id,
            "mastery": round(float(scores.now.level[r]), 4),
            "n_answers": int(seen.n_answers[r]),
        }
        yield weight, "new_skill", detail


def _goal(context: Context, s: int) -> Facts:
    """The priority skill itself, else the first named one that needs this skill."""
    skills, column_of = context.items.skills, context.items.column_of
    skill = skills[s].skill_id
    named = [g for g in context.learner.goals.priority_skills if g in column_of]
    if skill in named:
        return {"skill": skill, "goal": skill}
    ancestors = curriculum_of(context.items).ancestors
    return {"skill": skill, "goal": next(g for g in named if ancestors[column_of[g], s])}
