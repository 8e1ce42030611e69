"""How well does the learner do? Accuracy over several windows, by difficulty, skill and item."""

from learnloop.features.definition import Definer, Family, Feature
from learnloop.features.definitions.parts import (
    INF,
    MINUTE_MS,
    UNKNOWN,
    hinted_answer,
    judged,
    n_judged,
    n_right,
    new_to_skill,
    of_session,
    reached_before,
    reaching,
    right,
    same_skill,
    session_now,
    share,
    since,
    skill_answers,
    skill_run,
    surprise,
    visits,
)
from learnloop.features.fields import DAY_MS, answered, correct, easiness, hints, score
from learnloop.features.language import (
    count,
    ewm,
    fading,
    known,
    last,
    least,
    ln1p,
    mean,
    peak,
    recent_mean,
    run,
    same,
    t,
    tally,
    total,
    where,
)

performance = Definer(Family.PERFORMANCE)

_hard, _easy = easiness < -1.0, easiness > 1.0
_middle = known(easiness) & ~_hard & ~_easy
_levels = tally(where(_easy, 0.0, where(_hard, 2.0, 1.0)), (1.0, 2.0), judged & known(easiness))
_first_try, _again = same(visits, 0.0), visits > 0.0
_early, _late = skill_answers < 3.0, skill_answers >= 10.0
_session_answers, _session_right = of_session(n_judged), of_session(n_right)
_item_answers = count(judged, by="item")


def _window(n: int) -> Feature:
    return performance(f"accuracy_last_{n}", recent_mean(correct, n),
                       f"Right among the latest {n} answers.")  # fmt: skip


def _average(weight: float) -> Feature:
    return performance(f"accuracy_ewm_{weight:g}", ewm(correct, weight),
                       f"Moving average of right answers, weight {weight:g}.")  # fmt: skip


FEATURES: tuple[Feature, ...] = (
    performance("n_answers", n_judged, "Answers known to be right or wrong.", unit="count",
                high=INF, default=0.0),
    performance("ln_answers", ln1p(n_judged), "log(1 + n_answers).", high=INF, default=0.0),
    performance("accuracy", mean(correct), "Right among all answers."),
    performance("accuracy_smoothed", (n_right + 1.0) / (n_judged + 2.0),
                "(right + 1) / (answers + 2).", default=0.5),
    _window(3), _window(5), _window(10), _window(20),
    _average(0.03), _average(0.1), _average(0.3),
    performance("accuracy_fading_1d", fading(correct, DAY_MS) / fading(1.0, DAY_MS, known(correct)),
                "Right answers, each answer halved every day."),
    performance("accuracy_fading_7d",
                fading(correct, 7 * DAY_MS) / fading(1.0, 7 * DAY_MS, known(correct)),
                "Right answers, each answer halved every 7 days."),
    performance("accuracy_trend", ewm(correct, 0.3) - ewm(correct, 0.03),
                "Short less long moving average of right answers.", low=-1.0),
    performance("improvement", recent_mean(correct, 10) - mean(correct),
                "Accuracy of the latest 10 answers less that of all.", low=-1.0),
    performance("improvement_rate", (recent_mean(correct, 20) - mean(correct)) / ln1p(n_judged),
                "Accuracy of the latest 20 less that of all, over log(1 + answers).", low=-1.5,
                high=1.5),
    performance("last_correct", last(correct), "The latest answer: 1 right, 0 wrong."),
    performance("streak_right", run(right, judged), "Right answers in a row, up to the latest.",
                unit="count", high=INF, default=0.0),
    performance("streak_wrong", run(~right, judged), "Wrong answers in a row, up to the latest.",
                unit="count", high=INF, default=0.0),
    performance("score_mean", mean(score, answered), "Mean partial credit."),
    performance("score_recent", ewm(score, 0.1, answered),
                "Moving average of partial credit, weight 0.1."),
    performance("session_accuracy",
                where(session_now, _session_right / _session_answers, UNKNOWN),
                "Right among the answers of the session that goes on."),
    performance("session_answers", where(session_now, _session_answers, 0.0),
                "Answers in the session that goes on.", unit="count", high=INF, default=0.0),
    # Beside what the item lets expect.
    performance("surprise_mean", mean(surprise, judged),
                "Mean surprise: right (1 or 0) less the item's share of right answers.", low=-1.0),
    performance("surprise_ewm_0.03", ewm(surprise, 0.03, judged),
                "Moving average of surprise, weight 0.03.", low=-1.0),
    performance("surprise_ewm_0.1", ewm(surprise, 0.1, judged),
                "Moving average of surprise, weight 0.1.", low=-1.0),
    performance("surprise_ewm_0.3", ewm(surprise, 0.3, judged),
                "Moving average of surprise, weight 0.3.", low=-1.0),
    performance("surprise_same_skill", ewm(surprise, 0.2, judged & same_skill),
                "Moving average of surprise at answers that stay with the skill, weight 0.2.",
                low=-1.0),
    # By difficulty.
    performance("accuracy_easy", mean(correct, _easy), "Right among items with easiness over 1."),
    performance("accuracy_middle", mean(correct, _middle),
                "Right among items with easiness from -1 to 1."),
    performance("accuracy_hard", mean(correct, _hard), "Right among items with easiness under -1."),
    performance("hard_share", count(judged & _hard) / count(judged & known(easiness)),
                "Answers to items with easiness under -1."),
    performance("easiness_mean", mean(easiness, judged), "Mean easiness of the items answered.",
                unit="logit", low=-INF, high=INF),
    performance("easiness_recent", ewm(easiness, 0.1, judged),
                "Moving average of the easiness of the items answered, weight 0.1.",
                unit="logit", low=-INF, high=INF),
    performance("easiness_of_right", mean(easiness, judged & right),
                "Mean easiness of the items answered right.", unit="logit", low=-INF, high=INF),
    performance("difficulty_preference", peak(_levels),
                "What was answered most: 0 easy, 1 middle, 2 hard items.", unit="class", high=2.0),
    performance("easiness_here", easiness - ewm(easiness, 0.1, judged),
                "How much easier this item is than the latest ones.", unit="logit", low=-INF,
                high=INF),
    # Over skills.
    performance("first_try_accuracy", mean(correct, _first_try), "Right at the first event on an "
                "item."),
    performance("again_accuracy", mean(correct, _again), "Right on items met before."),
    performance("transfer_accuracy", mean(correct, new_to_skill),
                "Right at the first answer to a skill: what comes from other skills."),
    performance("early_accuracy", mean(correct, _early), "Right among a skill's first 3 answers."),
    performance("late_accuracy", mean(correct, _late), "Right after a skill's first 10 answers."),
    performance("learning_gain", mean(correct, _late) - mean(correct, _early),
                "Late less early accuracy.", low=-1.0),
    performance("skills_reached", count(reaching),
                "Times that a third right answer in a row came first in the item's skills.",
                unit="count", high=INF, default=0.0),
    performance("topic_completion_rate", least(count(reaching) / count(new_to_skill), 1.0),
                "Skills reached (3 right in a row) over skills begun, at most 1."),
    # Hints.
    performance("hints_per_answer", total(hints, judged) / n_judged, "Hints per answer.",
                high=50.0),
    performance("hint_share", share(hints > 0.0, judged), "Answers with a hint."),
    performance("hint_recent", ewm(hints > 0.0, 0.1, judged),
                "Moving average of answers with a hint, weight 0.1."),
    performance("accuracy_with_hint", mean(correct, hinted_answer), "Right after a hint."),
    performance("accuracy_without_hint", mean(correct, same(hints, 0.0)), "Right without a hint."),
    # Of the skills of the question.
    performance("skill_answers", skill_answers, "Answers to this skill.", unit="count", high=INF,
                default=0.0),
    performance("ln_skill_answers", ln1p(skill_answers), "log(1 + skill_answers).", high=INF,
                default=0.0),
    performance("ln_skill_right", ln1p(total(correct, by="skill")), "log(1 + right answers to "
                "this skill).", high=INF, default=0.0),
    performance("ln_skill_wrong", ln1p(skill_answers - total(correct, by="skill")),
                "log(1 + wrong answers to this skill).", high=INF, default=0.0),
    performance("skill_accuracy", (total(correct, by="skill") + 1.0) / (skill_answers + 2.0),
                "(right + 1) / (answers + 2) of this skill.", default=0.5),
    performance("skill_ewm_0.1", ewm(correct, 0.1, by="skill"),
                "Moving average of this skill, weight 0.1."),
    performance("skill_ewm_0.4", ewm(correct, 0.4, by="skill"),
                "Moving average of this skill, weight 0.4."),
    performance("skill_surprise", ewm(surprise, 0.2, judged, by="skill"),
                "Moving average of surprise in this skill, weight 0.2.", low=-1.0),
    performance("skill_last_correct", last(correct, by="skill"), "The latest answer to this "
                "skill."),
    performance("skill_streak", skill_run, "Right answers to this skill in a row.", unit="count",
                high=INF, default=0.0),
    performance("skill_reached", reached_before, "1 once 3 in a row were right in this skill.",
                default=0.0),
    performance("skill_minutes_since", since(last(t, judged, by="skill"), MINUTE_MS),
                "Minutes since this skill was answered.", unit="min", high=INF),
    performance("skill_hints", total(hints, judged, by="skill") / skill_answers,
                "Hints per answer to this skill.", high=50.0),
    # Of the item of the question.
    performance("item_answers", _item_answers, "Answers to this item before.", unit="count",
                high=INF, default=0.0),
    performance("item_last_correct", last(correct, by="item"), "The latest answer to this item."),
    performance("item_accuracy", total(correct, by="item") / _item_answers,
                "Right among the answers to this item."),
    performance("item_minutes_since", since(last(t, by="item"), MINUTE_MS),
                "Minutes since this item was met.", unit="min", high=INF),
    performance("item_events_since", count() - last(count(), by="item"),
                "Events since this item was met.", unit="count", high=201.0),
)  # fmt: skip
