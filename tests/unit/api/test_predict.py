"""A model over HTTP: both ways of asking, who answered, and what is refused."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.school import ITEM, World, answer, check_problem, world
from tests.toy_models import artifact, on_features, put, says

from learnloop.api import body as bodies
from learnloop.api.errors import HttpProblem
from learnloop.api.predict import _quickly, read
from learnloop.api.schemas.predict import PredictIn, PredictOut
from learnloop.core.errors import InvalidInput
from learnloop.core.registry import ModelRole

PATH = "/api/ml/models/toy/predict"
ROW = [[1.0, 2.0, 3.0]]


def refresh(school: World) -> None:
    school.app.state.services.serving.refresh()


@pytest.fixture
def plain(school):
    put(school.engine, artifact("2"))
    refresh(school)
    return school


@pytest.fixture
def featured(school):
    put(school.engine, on_features(school.engine, "2"))
    refresh(school)
    return school


def ask(school, body, **more):
    return school.ask("POST", PATH, json=body, **more)


def test_a_model_answers_its_own_inputs(plain):
    found = ask(plain, {"inputs": {"x": [*ROW, [None, 0, 1]]}})
    assert found.status_code == 200
    PredictOut.model_validate_json(found.content)
    p = says("2", np.array([*ROW, [0, 0, 1]], dtype=np.float32)).tolist()
    assert found.json() == {
        "outputs": {"p": p},
        "model": "toy@2",
        "role": "champion",
        "reasons": [],
        "degraded": False,
    }


def test_a_model_answers_for_a_learner_and_items(featured):
    featured.ask("POST", "/api/interactions", json=[answer(n, answer="36") for n in range(3)])
    found = ask(featured, {"userId": "ada", "itemIds": [ITEM, ITEM]}).json()
    vector = featured.ask("GET", f"/api/users/ada/features?item_id={ITEM}").json()
    known = [x for n, x in vector["values"].items() if x is not None and n not in vector["unknown"]]
    assert found["outputs"]["p"] == pytest.approx([sum(known) / 1000 + 2] * 2, rel=1e-5)
    alone = ask(featured, {"userId": "ada"}).json()
    assert len(alone["outputs"]["p"]) == 1


def test_what_a_learner_did_is_known_at_once(featured):
    def p() -> float:
        return ask(featured, {"userId": "ada", "itemIds": [ITEM]}).json()["outputs"]["p"][0]

    before = p()
    assert p() == before
    featured.ask("POST", "/api/interactions", json=answer(1, answer="36"))
    assert p() != before


def test_many_who_ask_for_the_same_learner_read_once(featured):
    reader = featured.app.state.services.reader
    n_reads, run = [], reader.run

    async def counting(work):
        n_reads.append(work)
        return await run(work)

    ask(featured, {"userId": "ben"})  # the key is known from here on
    reader.run = counting
    sent = {"method": "POST", "url": PATH, "json": {"userId": "ada", "itemIds": [ITEM]}}
    found = featured.ask_at_once(*[sent] * 20)
    assert {r.status_code for r in found} == {200}
    assert len({r.content for r in found}) == 1
    assert len(n_reads) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"inputs": None}, "body"),
        ({"inputs": {"x": ROW}, "itemIds": [ITEM]}, "body"),
        ({"itemIds": [ITEM]}, "body"),
        ({"inputs": {}}, "inputs.x"),
        ({"inputs": {"y": ROW}}, "inputs.x"),
        ({"inputs": {"x": ROW, "y": ROW}}, "inputs.y"),
        ({"inputs": {"x": [1.0, 2.0, 3.0]}}, "inputs.x"),
        ({"inputs": {"x": [[1.0, 2.0]]}}, "inputs.x"),
        ({"inputs": {"x": [[1.0, 2.0, "3"]]}}, "inputs.x"),
        ({"inputs": {"x": [[1.0], [2.0, 3.0]]}}, "inputs.x"),
        ({"inputs": {"x": [[1.0, 2.0, 1e300]]}}, "inputs.x"),
        ({"inputs": {"x": []}}, "inputs.x"),
        ({"inputs": {"x": 1.0}}, "inputs.x"),
        ({"inputs": [1.0]}, "inputs"),
        ({"userId": ""}, "userId"),
        ({"userId": "ada", "itemIds": []}, "itemIds"),
        ({"userId": "ada", "itemIds": ["x"] * 201}, "itemIds"),
        ({"userId": "ada", "itemIds": ["", "x"]}, "itemIds.0"),
        ({"userId": "ada", "other": 1}, "other"),
        ({"userId": "ada"}, "userId"),  # this model takes no features
    ],
)
def test_what_is_wrong_is_named(plain, body, field):
    assert check_problem(ask(plain, body), 422)["field"] == field


def test_unknown_models_learners_and_items_are_not_found(featured):
    other = featured.ask("POST", "/api/ml/models/other/predict", json={"inputs": {}})
    assert check_problem(other, 404)["field"] == "name"
    assert check_problem(ask(featured, {"userId": "nobody"}), 404)["field"] == "learner_id"
    dance = {"userId": "ada", "itemIds": ["dance"]}
    assert check_problem(ask(featured, dance), 404)["field"] == "item_id"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"inputs": {"x": [NaN]}}', b"\xff"])
def test_what_is_no_json_is_refused(plain, body):
    headers = {"Content-Type": "application/json"}
    reply = plain.ask("POST", PATH, content=body, headers=headers)
    assert reply.status_code == (422 if body == b"[]" else 400)


def test_a_key_that_is_there_twice_is_refused(plain):
    headers = {"Content-Type": "application/json"}
    twice = b'{"inputs": {"x": [[1, 2, 3]]}, "inputs": {"x": [[4, 5, 6]]}}'
    check_problem(plain.ask("POST", PATH, content=twice, headers=headers), 400)
    inside = b'{"inputs": {"x": [[1, 2, 3]], "x": [[4, 5, 6]]}}'
    check_problem(plain.ask("POST", PATH, content=inside, headers=headers), 400)


def test_a_challenger_answers_for_its_learners_and_says_so(plain):
    put(plain.engine, artifact("3"), ModelRole.CHALLENGER, share=1.0)
    refresh(plain)
    found = ask(plain, {"inputs": {"x": ROW}, "userId": "ada"}).json()
    assert (found["model"], found["role"]) == ("toy@3", "challenger")
    assert ask(plain, {"inputs": {"x": ROW}}).json()["model"] == "toy@2"


@pytest.mark.parametrize(("sent", "key"), [({"answer": "36"}, "learner"), ({}, "service")])
def test_answers_are_told_to_the_guard_of_a_challenger(plain, sent, key):
    put(plain.engine, artifact("3"), ModelRole.CHALLENGER, share=1.0)
    refresh(plain)
    orchestrator = plain.app.state.services.serving.orchestrator
    p = {"p_correct": np.array([0.5], np.float32)}
    heard = orchestrator.predict("toy", {"x": np.array(ROW, np.float32)}, key="ada")
    orchestrator.awaited.put(heard._replace(outputs=p, items=(ITEM,)), p)
    (guard,) = orchestrator._guards.values()
    for number in (1, 2):
        plain.ask("POST", "/api/interactions", json=answer(number, **sent), key=key)
        assert guard._evidence["outcome"].n == 1
    assert len(orchestrator.awaited) == 0


def test_a_broken_version_is_not_put_in_place_and_health_says_so(plain):
    put(plain.engine, artifact("3"))
    with plain.engine.store.begin() as tx:
        from learnloop.core.artifact import digest

        model = artifact("3").file("model.onnx")
        tx.files.remove(digest(model))
    refresh(plain)
    found = ask(plain, {"inputs": {"x": ROW}}).json()
    assert (found["model"], found["role"], found["degraded"]) == ("toy@2", "previous", True)
    assert found["reasons"] == [
        {"code": "fell_back", "detail": {"from": "toy@3", "why": "not_loaded"}}
    ]
    ready = plain.ask("GET", "/health/ready", key="none")
    assert ready.status_code == 200
    assert ready.json()["failed_models"] == [
        {"slot": "toy", "role": "champion", "model": "toy@3", "code": "artifact_error"}
    ]


texts = st.text('ab:\\"\u00e9\u0085 ', max_size=4)
anything = st.one_of(st.none(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
                     st.lists(st.floats(-9, 9), max_size=2), texts)  # fmt: skip
questions = st.fixed_dictionaries(
    {},
    optional={
        "inputs": st.one_of(
            st.dictionaries(texts, st.lists(anything, max_size=3), max_size=2), anything
        ),
        "userId": st.one_of(texts, anything),
        "itemIds": st.one_of(st.lists(texts, max_size=3), anything),
        "other": anything,
    },
)


@given(questions, st.booleans())
def test_the_quick_reading_is_that_of_the_schema(question, spaced):
    body = json.dumps(question, indent=1 if spaced else None, ensure_ascii=spaced).encode()
    try:
        by_schema = PredictIn.model_validate(bodies.parse(body))
    except ValidationError:
        with pytest.raises(InvalidInput):
            read(body)
        return
    found = read(body)
    assert (found.inputs, found.user_id, list(found.item_ids)) == (
        by_schema.inputs, by_schema.userId or "", by_schema.itemIds or [],
    )  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(["inputs", "userId"]), texts), max_size=4))
def test_the_quick_reading_takes_no_key_twice(pairs):
    members = [f'"{k}": {json.dumps(v) if k == "userId" else "{}"}' for k, v in pairs]
    body = ("{" + ", ".join(members) + "}").encode()
    if len({k for k, _ in pairs}) < len(pairs):
        assert _quickly(body) is None
        with pytest.raises(HttpProblem):
            read(body)


def test_the_slot_of_the_estimator_is_none_of_predictors():
    with world() as school:
        check_problem(
            school.ask("POST", "/api/ml/models/estimator/predict", json={"inputs": {}}), 404
        )
