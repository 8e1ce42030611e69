"""Sign in, answer, see the change: with mouse and with keyboard, wide and narrow."""

import re

import pytest
from playwright.sync_api import Page, expect

from learnloop.catalog.grading import asks_for_number
from learnloop.core.types import Item, Metric
from tests.school import School


def sign_in(page: Page, address: str, key: str) -> None:
    page.goto(address)
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def question(school: School, page: Page) -> Item:
    name = page.locator('input[name="recommendation"]').input_value()
    with school.engine.store.begin(write=False) as tx:
        decision = tx.decisions.get(name.rpartition(".")[0])
        return school.engine.live(tx).item(decision.choices[0].action.item_id)


def right_answer(school: School, page: Page) -> str | None:
    return question(school, page).answer


def pass_over(school: School, page: Page) -> None:
    """Have something else recommended."""
    name = page.locator('input[name="recommendation"]').input_value()
    school.engine.give_feedback("ada", name, action=Metric.DISMISSED)
    page.reload()


def to_a_question(school: School, page: Page) -> str:
    """Pass over what is only to be read until something is asked; the right answer to it."""
    for _ in range(10):
        right = right_answer(school, page)
        if right is not None:
            return right
        pass_over(school, page)
    raise AssertionError("no question came")


def answer(school: School, page: Page) -> None:
    """Give the right answer, after any worked example."""
    right = to_a_question(school, page)
    if page.get_by_role("radio").count():
        page.get_by_role("radio", name=right, exact=True).check()
    else:
        page.locator("#answer").fill(right)
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_role("status")).to_be_visible()


def test_sign_in_answer_and_see_the_change(page, address, school):
    sign_in(page, address, school.keys["learner"])
    expect(page.get_by_text("demo data")).to_be_visible()
    expect(page.get_by_role("heading", name="Your skills")).to_be_visible()
    expect(page.get_by_role("heading", name="Why this?")).to_be_visible()
    expect(
        page.get_by_text(re.compile(r"\d+% \(between \d+% and \d+%; 8 answers\)"))
    ).to_be_visible()
    before = page.locator(".reasons").inner_text()
    first = page.locator('input[name="recommendation"]').input_value()
    answer(school, page)
    news = page.get_by_role("status")
    expect(news).to_contain_text("Right!")
    expect(news).to_contain_text("What this changed")
    expect(news).to_contain_text(re.compile("9 answers|1 answer"))
    assert page.locator('input[name="recommendation"]').input_value() != first
    assert page.locator(".reasons").inner_text() != before
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("Right!")


def test_what_is_only_to_be_read_is_noted(page, address, school):
    sign_in(page, address, school.keys["learner"])
    for _ in range(60):
        if right_answer(school, page) is None:
            break
        pass_over(school, page)
    page.get_by_role("button", name="I have studied it").click()
    expect(page.get_by_role("status")).to_contain_text("Noted")


def test_a_link_of_the_demo_signs_in(page, address, school):
    page.goto(f"{address}/sign-in?key={school.keys['learner']}")
    expect(page).to_have_url(f"{address}/")
    expect(page.get_by_role("heading", name="Your skills")).to_be_visible()
    assert page.context.cookies()[0]["httpOnly"]
    assert page.evaluate("document.cookie") == ""


def test_hints_come_one_by_one_and_the_answer_stays(page, address, school):
    sign_in(page, address, school.keys["learner"])
    to_a_question(school, page)
    typed = page.get_by_role("radio").count() == 0
    if typed:
        page.locator("#answer").fill("12")
    page.get_by_role("button", name="Show a hint").click()
    expect(page.locator(".hints li")).to_have_count(1)
    if typed:
        expect(page.locator("#answer")).to_have_value("12")
    page.get_by_role("button", name="Show another hint").click()
    expect(page.locator(".hints li")).to_have_count(2)


def test_a_slip_is_asked_again_and_counts_for_nothing(page, address, school):
    sign_in(page, address, school.keys["learner"])
    for _ in range(60):
        to_a_question(school, page)
        if asks_for_number(question(school, page)):
            break
        pass_over(school, page)
    page.locator("#answer").fill("no idea")
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_role("alert")).to_have_text("Write a number, such as 12, 0.75 or 3/4.")
    expect(page.locator("#answer")).to_have_value("no idea")
    expect(page.locator("#answer")).to_be_focused()
    answer(school, page)
    expect(page.get_by_role("status")).to_contain_text("Right!")


def test_it_works_by_keyboard_alone(page, address, school):
    page.goto(address)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    for _ in range(5):
        page.keyboard.press("Tab")
        if page.get_by_label("Key").evaluate("e => e === document.activeElement"):
            break
    page.keyboard.insert_text(school.keys["learner"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your skills")).to_be_visible()
    button = page.locator("form[action='/answer'] button").first
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("e => e === document.activeElement"):
            break
    expect(button).to_be_focused()
    assert button.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_is_cut_off(page, address, school, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sign_in(page, address, school.keys["learner"])
    answer(school, page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


CONTRAST = """() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const part = c => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * part(r) + .7152 * part(g) + .0722 * part(b);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.offsetParent)
    .map(e => {
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
      return [e.textContent.trim().slice(0, 40), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)];
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out(page, address, school, scheme):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    sign_in(page, address, school.keys["learner"])
    answer(school, page)
    found = page.evaluate(CONTRAST)
    assert len(found) > 20
    assert [x for x in found if x[1] < 4.5] == []  # WCAG 2.2, 1.4.3


def test_every_field_has_a_name_and_the_page_a_language(page, address, school):
    sign_in(page, address, school.keys["learner"])
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    for field in page.locator("input:not([type=hidden]), button").all():
        label = field.evaluate("e => (e.labels?.[0]?.innerText ?? e.innerText).trim()")
        assert label
        box = field.bounding_box()
        assert box is not None
        kind = field.get_attribute("type")
        assert box["height"] >= (18 if kind == "radio" else 44)


def test_a_teacher_reads_about_the_class(page, address, school):
    sign_in(page, address, school.keys["teacher"])
    expect(page.get_by_role("heading", name="Class 7b")).to_be_visible()
    page.get_by_role("link", name="ada").click()
    expect(page.get_by_role("heading", name="What is known")).to_be_visible()
    expect(page.get_by_text("demo data")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
