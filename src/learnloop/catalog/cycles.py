"""Which skills need each other in a circle? The strongly connected parts of the graph.

Kosaraju's two searches: order the skills by when a depth-first search leaves them, then search the
reversed graph in the opposite order; what each of those searches reaches is one part. Linear in
the number of prerequisites.
"""

from collections.abc import Iterator, Mapping

from learnloop.core.ids import SkillId
from learnloop.core.types import Skill

Graph = dict[SkillId, list[SkillId]]
SHOWN = 8


def circles_of(skills: Mapping[SkillId, Skill]) -> dict[SkillId, list[SkillId]]:
    """Skill id -> a circle of its part of the graph, for skills that stand in one.

    A circle begins and ends with the same skill; long ones are cut short in the middle.
    """
    needs: Graph = {k: [p for p in s.prerequisites if p in skills] for k, s in skills.items()}
    circles = {}
    for part in _circular_parts(needs):
        circle = _round_trip(needs, part)
        circles.update(dict.fromkeys(part, circle))
    return circles


def _circular_parts(needs: Graph) -> Iterator[list[SkillId]]:
    needed_by: Graph = {k: [] for k in needs}
    for skill_id, others in needs.items():
        for other in others:
            needed_by[other].append(skill_id)
    seen: set[SkillId] = set()
    leaving = [x for start in needs for x in _post_order(start, needs, seen)]
    seen = set()
    for start in reversed(leaving):
        part = _post_order(start, needed_by, seen)
        if len(part) > 1 or (part and start in needs[start]):
            yield part


def _post_order(start: SkillId, graph: Graph, seen: set[SkillId]) -> list[SkillId]:
    """The skills reached from `start` that were not seen yet, each when the search leaves it."""
    if start in seen:
        return []
    seen.add(start)
    done = []
    stack = [(start, iter(graph[start]))]
    while stack:
        node, others = stack[-1]
        step = next((x for x in others if x not in seen), None)
        if step is None:
            done.append(node)
            stack.pop()
        else:
            seen.add(step)
            stack.append((step, iter(graph[step])))
    return done


def _round_trip(needs: Graph, part: list[SkillId]) -> list[SkillId]:
    """A shortest way from the part's first skill through prerequisites back to itself."""
    start, members = part[0], set(part)
    came_from: dict[SkillId, SkillId] = {}
    front = [start]
    while start not in came_from:
        reached = []
        for node in front:
            for other in needs[node]:
                if other in members and other not in came_from:
                    came_from[other] = node
                    reached.append(other)
        front = reached
    walk = [start, came_from[start]]
    while walk[-1] != start:
        walk.append(came_from[walk[-1]])
    walk.reverse()
    return walk if len(walk) <= SHOWN else [*walk[: SHOWN - 2], SkillId("..."), start]
