import pytest
from tests.school import check_problem

from learnloop.core.ids import JobId
from learnloop.core.jobs import JobStatus
from learnloop.journeys.worker import Worker

JOBS = "/api/ml/jobs"


def post(school, kind="tidy", **kwargs):
    return school.ask("POST", JOBS, json={"kind": kind}, **kwargs)


def test_a_job_is_enqueued_and_its_status_followed(school):
    reply = school.ask("POST", JOBS, json={"kind": "tidy", "payload": {"job_days": 7}})
    assert reply.status_code == 202
    where = reply.headers["location"]
    job = school.ask("GET", where).json()
    assert job == reply.json()
    assert (job["status"], job["progress"]) == ("queued", 0)
    assert job["payload"] == {"job_days": 7, "reply_days": 1, "prediction_days": 90}
    Worker(school.engine).run_due()
    job = school.ask("GET", where).json()
    assert (job["status"], job["progress"], job["n_attempts"]) == ("done", 1, 1)
    assert job["result"] == {"n_jobs": 0, "n_replies": 0, "n_predictions": 0}
    assert "worker" not in job  # nor the names of our machines


def test_a_job_that_failed_says_why(school):
    where = post(school, "fit").headers["location"]
    Worker(school.engine).run_due()
    job = school.ask("GET", where).json()
    assert (job["status"], job["error"]["code"]) == ("failed", "data_error")
    assert "200 are needed" in job["error"]["message"]


def test_the_same_key_enqueues_once_and_says_the_same_again(school):
    sent = {"Idempotency-Key": "k1"}
    first, again = post(school, headers=sent), post(school, headers=sent)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    assert first.headers["location"] == again.headers["location"]
    check_problem(post(school, "fit", headers=sent), 422)
    assert len(school.ask("GET", JOBS).json()["jobs"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "kind"),
        ({"kind": "dance"}, "kind"),
        ({"kind": "fit", "payload": {"a": 1}}, "payload.a"),
        ({"kind": "tidy", "payload": {"job_days": "7"}}, "payload.job_days"),
        ({"kind": "tidy", "payload": {"job_days": 0}}, "payload.job_days"),
        ({"kind": "tidy", "payload": []}, "payload"),
        ({"kind": "tidy", "run_at": "now"}, "run_at"),
    ],
)
def test_a_wrong_job_is_refused(school, body, field):
    problem = check_problem(school.ask("POST", JOBS, json=body), 422)
    assert problem["field"] == field
    assert school.ask("GET", JOBS).json()["jobs"] == []


def test_an_unknown_job_is_not_found(school):
    check_problem(school.ask("GET", f"{JOBS}/nobody's"), 404)


def test_pages_walk_all_jobs_newest_first(school):
    made = []
    for _ in range(5):
        made.append(post(school).json()["job_id"])
        school.clock.advance(seconds=1)
    seen, cursor = [], ""
    while cursor is not None:
        reply = school.ask("GET", f"{JOBS}?limit=2{cursor and '&cursor='}{cursor}").json()
        seen += [job["job_id"] for job in reply["jobs"]]
        cursor = reply["next_cursor"]
    assert seen == made[::-1]


def test_jobs_are_listed_by_status(school):
    where = post(school).headers["location"]
    post(school)
    with school.engine.store.begin() as tx:
        job = tx.jobs.get(JobId(where.rpartition("/")[2]))
        tx.jobs.change(job.cancelled(school.clock.now()), job)
    (failed,) = school.ask("GET", f"{JOBS}?status={JobStatus.FAILED.value}").json()["jobs"]
    assert failed["job_id"] == job.job_id
    check_problem(school.ask("GET", f"{JOBS}?status=lost"), 422)


@pytest.mark.parametrize("cursor", ["!", "bm9ib2R5"])
def test_a_strange_cursor_is_not_found(school, cursor):
    problem = check_problem(school.ask("GET", f"{JOBS}?cursor={cursor}"), 404)
    assert problem["field"] == "cursor"
