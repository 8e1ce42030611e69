"""What does the demo print? Where to look, three keys, and lines to paste into another terminal."""

from collections.abc import Iterator

from learnloop.core.time import to_us
from learnloop.journeys.demo import DemoAccess
from learnloop.journeys.engine import PersonalizationEngine


def page(url: str, access: DemoAccess) -> str:
    """The address that signs the demo's learner in."""
    return f"{url}/sign-in?key={access.learner_key}"


def greeting(url: str, access: DemoAccess, engine: PersonalizationEngine) -> list[str]:
    """The whole greeting, line by line; lines that begin with `curl` can be pasted as they are.

    Args:
        url: Where the server listens.
        access: The demo's keys.
        engine: On the demo's database; recommends the item that the lines answer.
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
        "Ctrl-C stops it; 'learnloop demo' starts it again; 'learnloop demo --delete' removes it.",
    ]


def _lines(url: str, access: DemoAccess, engine: PersonalizationEngine) -> Iterator[str]:
    item = engine.generate_recommendations(access.learner_id, 1).recommendations[0].item
    skill = item.skills[0]
    now = engine.clock.now().replace(microsecond=0)
    name = f"try-{to_us(now) // 1_000_000}"
    user = f"{url}/api/users/{access.learner_id}"
    answer = (
        f'{{"interaction_id": "{name}", "learner_id": "{access.learner_id}", '
        f'"item_id": "{item.item_id}", "occurred_at": "{now:%Y-%m-%dT%H:%M:%SZ}", '
        '"correct": true}'
    )
    pretty = "| python3 -m json.tool"
    post = f"curl -s {url}/api/interactions -H \"$AUTH\" -H 'Content-Type: application/json'"
    yield f"AUTH='Authorization: Bearer {access.learner_key}'"
    yield f"# what is known of {access.learner_id}: here, of one skill"
    yield f'curl -s {user}/profile -H "$AUTH" {pretty} | grep -A 9 \'"{skill}"\''
    yield "# what to study next, and why"
    yield f'curl -s "{user}/recommendations?limit=3" -H "$AUTH" {pretty}'
    yield "# an answer goes in; now ask the two questions above again"
    yield f"{post} -H 'Idempotency-Key: {name}' -d '{answer}'"
    yield "# the same answer again: it is a duplicate, and nothing is counted twice"
    yield f"{post} -d '{answer}'"
