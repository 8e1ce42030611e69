"""What does the demo print? Where to look, three keys, and lines to paste into another terminal."""

import json
from collections.abc import Iterator
from shlex import quote

from learnloop.core.time import to_us
from learnloop.journeys.demo import DemoAccess
from learnloop.journeys.engine import PersonalizationEngine


def page(url: str, access: DemoAccess) -> str:
    """The address that signs the demo's learner in."""
    return f"{url}/sign-in?key={access.learner_key}"


def greeting(url: str, access: DemoAccess, engine: PersonalizationEngine, again: str) -> list[str]:
    """The whole greeting, line by line; lines that begin with `curl` can be pasted as they are.

    Args:
        url: Where the server listens.
        access: The demo's keys.
        engine: On the demo's database; recommends the item that the lines answer.
        again: The command line that starts this demo.
    """
    return [
        "",
        "learnloop is running. Every learner in it is made up: demo data.",
        "",
        f"  page      {page(url, access)}",
        f"  learner   {access.learner_key}   sees {access.learner_id}",
        f"  teacher   {access.teacher_key}   sees {access.class_id}",
        f"  admin     {access.admin_key}   sees everyone",
        "",
        "Paste these into another terminal, one after the other:",
        "",
        *_lines(url, access, engine),
        "",
        f"Ctrl-C stops it; '{again}' starts it again; '{again} --delete' removes it.",
    ]


def _lines(url: str, access: DemoAccess, engine: PersonalizationEngine) -> Iterator[str]:
    item = engine.generate_recommendations(access.learner_id, 1).recommendations[0].item
    now = engine.clock.now().replace(microsecond=0)
    user, name = f"{url}/api/users/{access.learner_id}", f"try-{to_us(now) // 1_000_000}"
    known = (
        f'curl -s {user}/profile -H "$AUTH" | python3 -m json.tool '
        f'| grep -m 1 -A 7 \'"skill_id": "{item.skills[0]}"\''
    )
    next_ = (
        f'curl -s "{user}/recommendations?limit=2" -H "$AUTH" | python3 -m json.tool '
        "| grep -E '\"(title|sentence)\"'"
    )
    post = f"curl -s {url}/api/interactions -H \"$AUTH\" -H 'Content-Type: application/json'"
    given: dict[str, object] = {
        "interaction_id": name,
        "learner_id": access.learner_id,
        "item_id": item.item_id,
        "occurred_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }
    given |= {"correct": True} if item.answer is None else {"answer": item.answer}
    answer = quote(json.dumps(given))
    yield f"AUTH='Authorization: Bearer {access.learner_key}'"
    yield "# what is known of one skill, what to study next, and why"
    yield known
    yield next_
    yield "# a right answer goes in"
    yield f"{post} -H 'Idempotency-Key: {name}' -d {answer}; echo"
    yield "# ask again: more is known of the skill, and the recommendation has changed"
    yield known
    yield next_
    yield "# the same answer again is a duplicate: nothing is counted twice"
    yield f"{post} -d {answer}; echo"
    yield known
