"""What do the pages show? The journeys' results as words and lengths, ready for the templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from learnloop.api.web.session import News
from learnloop.core.ids import DecisionId, InteractionId, LearnerId
from learnloop.core.protocols import Transaction
from learnloop.core.types import Decision, Item, Reason
from learnloop.journeys import profiles
from learnloop.journeys.live import Live
from learnloop.journeys.recommend import recommend
from learnloop.journeys.results import Profile, RecommendationSet, SkillLevel
from learnloop.policies.explain import sentence

# A recommendation stays on the page this long, so that reloading it does not log another decision.
SAME_FOR = timedelta(minutes=30)
TRACK = 100  # length of a bar, in its own units


@dataclass(frozen=True, slots=True)
class SkillRow:
    """One skill as a bar and as text.

    Attributes:
        at: Where the estimate is on the bar, 0-100; None while not sure.
        low: With `high`, where its range is.
    """

    name: str
    text: str
    at: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class NextStep:
    """What is recommended, and why."""

    recommendation_id: str
    item: Item
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What an answer changed.

    Attributes:
        correct: None where nothing was to be graded.
        answer: The right answer, shown once the item is answered.
        skills: Skill name, before, after.
        before: What was recommended before.
    """

    correct: bool | None
    item: Item
    answer: str | None
    skills: tuple[tuple[str, str, str], ...]
    before: str


@dataclass(frozen=True, slots=True)
class LearnerView:
    """All of a learner's page.

    Attributes:
        made: The decision, where one had to be made for it.
    """

    profile: Profile
    skills: tuple[SkillRow, ...]
    step: NextStep | None
    change: Change | None
    made: RecommendationSet | None


def learner_view(
    live: Live, tx: Transaction, learner_id: LearnerId, news: News | None
) -> LearnerView:
    """A learner's own page, with what is recommended now."""
    profile = profiles.profile(live, tx, learner_id)
    decision, made = _current(live, tx, learner_id)
    return LearnerView(
        profile,
        skill_rows(profile.skills.current_levels),
        _step(live, decision) if decision and decision.choices else None,
        _change(live, tx, profile, news) if news else None,
        made,
    )


def skill_rows(levels: Sequence[SkillLevel]) -> tuple[SkillRow, ...]:
    """Skills as bars and text."""
    return tuple(
        SkillRow(
            level.name,
            words(level),
            round(level.mastery * TRACK, 1) if level.sure else None,
            round(level.low * TRACK, 1),
            round(level.high * TRACK, 1),
        )
        for level in levels
    )


def words(level: SkillLevel) -> str:
    """What is known of a skill, in words; no percentage while we are not sure."""
    answers = {0: "no answers", 1: "1 answer"}.get(level.n_answers, f"{level.n_answers} answers")
    if not level.sure:
        return f"not sure yet ({answers})"
    return f"{level.mastery:.0%} (between {level.low:.0%} and {level.high:.0%}; {answers})"


def answer_id(decision_id: DecisionId) -> InteractionId:
    """The id of the page's answer to a decision: one each, however often the form is sent."""
    return InteractionId(f"page-{decision_id}")


def _current(
    live: Live, tx: Transaction, learner_id: LearnerId
) -> tuple[Decision | None, RecommendationSet | None]:
    """The decision that is still open, else a new one, and what was made for it."""
    now = live.clock.now()
    for decision in tx.decisions.latest(learner_id, 1):
        given = answer_id(decision.decision_id)
        # What was studied has no outcome: only the interaction tells that it is done.
        is_open = not (
            tx.outcomes.of_decision(decision.decision_id)
            or tx.interactions.get(learner_id, [given])
        )
        if is_open and decision.choices and decision.decided_at > now - SAME_FOR:
            return decision, None
    made = recommend(live, tx, learner_id, n=1)
    return tx.decisions.get(made.decision_id), made


def _step(live: Live, decision: Decision) -> NextStep:
    choice = decision.choices[0]
    return NextStep(
        f"{decision.decision_id}.0",
        live.item(choice.action.item_id),
        _sentences(live, choice.reasons),
    )


def _sentences(live: Live, reasons: Sequence[Reason]) -> tuple[str, ...]:
    return tuple(sentence(reason, live.items) for reason in reasons)


def _change(live: Live, tx: Transaction, profile: Profile, news: News) -> Change | None:
    wanted = InteractionId(news.interaction_id)
    given = tx.interactions.get(profile.learner_id, [wanted]).get(wanted)
    decision = tx.decisions.get(DecisionId(news.decision_id))
    if given is None or decision is None or decision.learner_id != profile.learner_id:
        return None
    if not decision.choices:  # only a cookie that is not ours names a decision without
        return None
    item = live.item(given.item_id)
    changed = tuple(
        (level.name, news.before[level.skill_id], words(level))
        for level in profile.skills.current_levels
        if level.skill_id in news.before
    )
    reasons = _sentences(live, decision.choices[0].reasons)
    return Change(given.correct, item, item.answer, changed, " ".join(reasons))
