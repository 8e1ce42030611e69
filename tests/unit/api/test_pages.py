"""The first page without a browser: who may see what, forms, escaping, headers."""

import base64
import html
import json
import re

import pytest
from tests.school import World, world
from tests.school import answer as an_answer

from learnloop.catalog.grading import asks_for_number
from learnloop.core.types import Item, ItemKind, Metric

ORIGIN = {"Origin": "http://learnloop"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Browser:
    """Keeps cookies and sends forms from our own pages."""

    def __init__(self, school: World, key: str | None = "learner") -> None:
        self.school = school
        self.cookies: dict[str, str] = {}
        if key is not None:
            reply = self.send("/sign-in", {"key": school.keys[key]})
            assert reply.status_code == 303, reply.text

    def get(self, path="/", follow=True):
        reply = self._ask("GET", path)
        return self.get(reply.headers["location"]) if follow and reply.is_redirect else reply

    def send(self, path, form, headers=ORIGIN):
        return self._ask("POST", path, data=form, headers=FORM | headers)

    def _ask(self, method, path, headers=None, **kwargs):
        sent = dict(headers or {})
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        reply = self.school.ask(method, path, key="none", headers=sent, **kwargs)
        for line in reply.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            if "max-age=0" in line.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value.strip('"')
        return reply


def hidden(page, name):
    return html.unescape(re.search(rf'name="{name}" value="([^"]*)"', page.text)[1])


def test_without_a_key_there_is_a_way_in(school):
    page = Browser(school, None).get()
    assert page.status_code == 200
    assert '<label for="key">' in page.text
    assert "ada" not in page.text


@pytest.mark.parametrize("demo", [True, False])
def test_the_way_in_has_an_address(demo):
    with world(demo=demo) as school:
        page = Browser(school, None).get("/sign-in", follow=False)
    assert page.status_code == 200
    assert '<label for="key">' in page.text
    assert "Paste your key" in page.text
    assert 'role="alert"' not in page.text
    assert ("printed its keys" in page.text) is demo


@pytest.mark.parametrize("key", ["unknown", "revoked", "expired"])
def test_a_wrong_key_stays_outside(school, key):
    browser = Browser(school, None)
    reply = browser.send("/sign-in", {"key": school.keys[key]})
    assert reply.status_code == 401
    assert 'role="alert"' in reply.text
    assert browser.cookies == {}


def test_the_cookie_is_for_this_site_and_no_script(school):
    reply = Browser(school, None).send("/sign-in", {"key": f" {school.keys['learner']} "})
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie  # plain HTTP; see the next test


def test_the_cookie_is_secure_where_the_page_is(school):
    headers = {"Origin": "https://learnloop"}
    reply = school.ask(
        "POST",
        "https://learnloop/sign-in",
        data={"key": school.keys["learner"]},
        headers=headers,
        key="none",
    )
    assert "secure" in reply.headers["set-cookie"].lower()


def test_a_link_signs_in_only_in_the_demo(school):
    path = f"/sign-in?key={school.keys['learner']}"
    browser = Browser(school, None)
    assert browser.get(path, follow=False).status_code == 303
    assert browser.cookies == {}
    with world(demo=True) as demo:
        browser = Browser(demo, None)
        reply = browser.get(f"/sign-in?key={demo.keys['learner']}", follow=False)
        assert reply.headers["location"] == "/"
        assert "Your skills" in browser.get().text


def test_a_learner_sees_what_is_known_and_why(school):
    page = Browser(school).get()
    assert page.status_code == 200
    assert "Your skills" in page.text
    assert "Why this?" in page.text
    assert page.text.count("not sure yet") == 13
    assert "ben" not in page.text


def test_reloading_logs_no_other_decision(school):
    browser = Browser(school)
    first = hidden(browser.get(), "recommendation")
    assert hidden(browser.get(), "recommendation") == first
    school.clock.advance(minutes=31)
    assert hidden(browser.get(), "recommendation") != first


def item_of(school, recommendation):
    with school.engine.store.begin(write=False) as tx:
        decision = tx.decisions.get(recommendation.rpartition(".")[0])
        return school.engine.live(tx).item(decision.choices[0].action.item_id)


def next_question(school, browser):
    """The next page that asks something; worked examples are read."""
    for _ in range(20):
        page = browser.get()
        recommendation = hidden(page, "recommendation")
        item = item_of(school, recommendation)
        if item.answer is not None:
            return page, recommendation, item
        assert browser.send("/answer", {"recommendation": recommendation}).status_code == 303
    raise AssertionError("no question came")


@pytest.mark.parametrize("right", [True, False])
def test_an_answer_is_graded_recorded_and_shown(school, right):
    browser = Browser(school)
    page, recommendation, item = next_question(school, browser)
    assert page.text.count(f'value="{html.escape(item.answer)}"') == len(item.choices[:1])
    school.clock.advance(seconds=12)
    form = {"recommendation": recommendation, "hints": "1",
            "answer": item.answer if right else "-98765"}  # fmt: skip
    reply = browser.send("/answer", form)
    assert (reply.status_code, reply.headers["location"]) == (303, "/")
    after = browser.get()
    assert ("Right!" in after.text) is right
    assert ("Not right this time" in after.text) is not right
    assert "not sure yet (1 answer)" in after.text
    with school.engine.store.begin(write=False) as tx:
        stored = tx.interactions.latest("ada", 1)[0]
        outcomes = tx.outcomes.of_decision(stored.decision_id)
    assert (stored.correct, stored.hints, stored.response_time_ms) == (right, 1, 12_000)
    assert [o.value for o in outcomes if o.metric == "correct"] == [float(right)]
    assert hidden(after, "recommendation") != recommendation


def test_a_form_that_is_sent_twice_counts_once(school):
    browser = Browser(school)
    _, recommendation, item = next_question(school, browser)
    for text in (item.answer, item.answer, "-98765"):
        form = {"recommendation": recommendation, "answer": text}
        assert browser.send("/answer", form).status_code == 303
    assert "Right!" in browser.get().text
    with school.engine.store.begin(write=False) as tx:
        answered = [x for x in tx.interactions.history("ada") if x.correct is not None]
    assert len(answered) == 1


def test_hints_come_one_by_one(school):
    browser = Browser(school)
    _, _, item = next_question(school, browser)
    assert len(item.hints) > 1
    for n in range(len(item.hints) + 2):
        page = browser.get(f"/?hints=0&answer=12&hints={n}")
        shown = re.findall(
            r"<li>(.*?)</li>", "".join(re.findall(r'"hints".*?</ol>', page.text, re.S))
        )
        assert [html.unescape(hint) for hint in shown] == list(item.hints[:n])
        assert hidden(page, "hints") == str(min(n, len(item.hints)))
        assert ("hint</button>" in page.text) is (n < len(item.hints))
        assert item.choices or 'value="12"' in page.text


@pytest.mark.parametrize(
    "form",
    [{}, {"recommendation": "x"}, {"recommendation": "x.0", "answer": "1"}, {"recommendation": ""}],
)
def test_a_form_for_nothing_is_refused(school, form):
    reply = Browser(school).send("/answer", form)
    assert reply.status_code == 404
    assert "no longer open" in reply.text


def check_asked_again(school, browser, recommendation, text, problem):
    with school.engine.store.begin(write=False) as tx:
        n_before = tx.interactions.count()
    form = {"recommendation": recommendation, "answer": text, "hints": "1"}
    reply = browser.send("/answer", form)
    assert reply.status_code == 422
    assert f'role="alert">{problem}' in reply.text
    assert hidden(reply, "recommendation") == recommendation
    assert hidden(reply, "hints") == "1"
    with school.engine.store.begin(write=False) as tx:
        assert tx.interactions.count() == n_before
    return reply


def test_an_empty_answer_is_asked_again(school):
    browser = Browser(school)
    _, recommendation, _ = next_question(school, browser)
    check_asked_again(school, browser, recommendation, "  ", "Choose or write an answer first.")


def test_a_text_where_a_number_is_asked_for_is_asked_again(school):
    browser = Browser(school)
    for _ in range(60):
        _, recommendation, item = next_question(school, browser)
        if asks_for_number(item):
            break
        school.engine.give_feedback("ada", recommendation, action=Metric.DISMISSED)
    for text in ("no idea", "1/0", "<b>"):
        page = check_asked_again(school, browser, recommendation, text, "Write a number")
        assert f'value="{html.escape(text)}"' in page.text
    assert browser.send("/answer", {"recommendation": recommendation, "answer": item.answer})
    assert "Right!" in browser.get().text


def test_a_slip_in_a_question_that_has_gone_by_is_told_apart(school):
    browser = Browser(school)
    _, recommendation, _ = next_question(school, browser)
    school.clock.advance(minutes=31)
    reply = browser.send("/answer", {"recommendation": recommendation, "answer": ""})
    assert reply.status_code == 422
    assert "That did not work" in reply.text


def test_another_learners_question_is_not_open(school):
    _, recommendation, item = next_question(school, Browser(school))
    form = {"recommendation": recommendation, "answer": item.answer}
    assert Browser(school, "other learner").send("/answer", form).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "null"}, {"Origin": "http://elsewhere"}, {"Origin": "http://learnloop.evil"}],
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/answer"])
def test_a_form_from_elsewhere_is_refused(school, headers, path):
    browser = Browser(school)
    reply = browser.send(path, {"key": school.keys["admin"]}, headers=headers)
    assert reply.status_code == 403
    assert "own page" in reply.text


def test_a_huge_form_is_refused(school):
    assert Browser(school).send("/answer", {"answer": "x" * 2_000_000}).status_code == 413


def test_signing_out_forgets_the_key(school):
    browser = Browser(school)
    assert browser.send("/sign-out", {}).status_code == 303
    assert browser.cookies == {}
    assert "Sign in" in browser.get().text


def test_a_teacher_sees_the_class_and_only_reads(school):
    browser = Browser(school, "teacher")
    page = browser.get()
    assert "Class 7b" in page.text
    assert "/learners/ada" in page.text
    assert "ben" not in page.text
    one = browser.get("/learners/ada")
    assert "What is known" in one.text
    assert "/answer" not in one.text
    assert browser.get("/learners/ben").status_code == 404
    assert browser.send("/answer", {"recommendation": "x.0"}).status_code == 403


def test_an_admin_sees_all_learners(school):
    page = Browser(school, "admin").get()
    assert "/learners/ada" in page.text
    assert "/learners/ben" in page.text


def test_a_learner_sees_no_other_page(school):
    browser = Browser(school)
    assert browser.get("/learners/ben").status_code == 404
    assert browser.get("/learners/ada").status_code == 200


def test_demo_learners_are_labelled(school):
    from learnloop.journeys.profiles import ProfileChange, put_profile

    assert "demo data" not in Browser(school).get().text
    assert "demo data" not in Browser(school, "admin").get().text
    with school.engine.store.begin() as tx:
        put_profile(school.engine.live(tx), tx, "demo-zoe", ProfileChange(), is_demo=True)
    assert "demo data" in Browser(school, "admin").get().text
    assert "demo data" in Browser(school, "admin").get("/learners/demo-zoe").text


NASTY = '<script>alert("x")</script>\'"><img src=x onerror=alert(1)>'


def test_names_and_texts_are_escaped(school):
    with school.engine.store.begin() as tx:
        tx.accounts.add_member("7b", NASTY)
        tx.learners.put(tx.learners.get("ada").__class__(NASTY, school.clock.now()))
        items = tx.catalog.load()[2]
        tx.catalog.put([], [], [Item(**{**fields(x), "title": NASTY, "text": NASTY,
                                        "hints": (NASTY,)}) for x in items])  # fmt: skip
    for page in (
        Browser(school, "teacher").get(),
        Browser(school).get(f"/?hints=1&answer={NASTY}"),
        Browser(school).get(f"/learners/{NASTY}"),
        Browser(school).send("/answer", {"recommendation": NASTY}),
    ):
        assert "<script" not in page.text
        assert "<img" not in page.text


def fields(item):
    return {name: getattr(item, name) for name in item.__slots__}


def test_pages_allow_no_script_and_no_frame(school):
    browser = Browser(school)
    for page in (browser.get(), Browser(school, None).get(), browser.get("/learners/nobody")):
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "style=" not in page.text
        assert "no-store" in page.headers["cache-control"]


def test_a_forged_news_cookie_is_only_ignored(school):
    browser = Browser(school)
    for value in ("x", "e30", "eyJpbnRlcmFjdGlvbl9pZCI6MX0=", "W10="):
        browser.cookies["learnloop_news"] = value
        assert browser.get().status_code == 200


def test_the_style_sheet_is_there(school):
    reply = school.ask("GET", "/static/style.css", key="none")
    assert reply.headers["content-type"].startswith("text/css")
    assert school.ask("GET", "/static/../app.py", key="none").status_code == 404
    assert school.ask("GET", "/static/%2e%2e/app.py", key="none").status_code == 404


def test_a_form_with_endless_hints_is_taken_as_one_without(school):
    browser = Browser(school)
    recommendation = hidden(browser.get(), "recommendation")
    form = {"recommendation": recommendation, "answer": "1", "hints": "9" * 5000}
    assert browser.send("/answer", form).status_code == 303


def test_a_made_up_cookie_of_news_is_passed_over(school):
    browser = Browser(school)
    seen = an_answer(interaction_id="seen", kind="viewed") | {"correct": None}
    assert school.ask("POST", "/api/interactions", json=seen, key="learner").status_code == 200
    empty = school.ask("GET", "/api/users/ada/recommendations?type=video", key="learner").json()
    assert empty["recommendations"] == []
    news = {"interaction_id": "seen", "decision_id": empty["decision_id"], "before": {}}
    browser.cookies["learnloop_news"] = base64.urlsafe_b64encode(json.dumps(news).encode()).decode()
    assert browser.get().status_code == 200


def test_what_was_studied_makes_way_for_the_next_step(school):
    school.engine.generate_recommendations("ada", 1, ItemKind.READING)
    browser = Browser(school)
    page = browser.get()
    assert "I have studied it" in page.text
    assert "hint</button>" not in page.text
    first = hidden(page, "recommendation")
    assert browser.send("/answer", {"recommendation": first}).status_code == 303
    after = browser.get()
    assert "Noted" in after.text
    assert hidden(after, "recommendation") != first
