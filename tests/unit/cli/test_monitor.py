"""`learnloop monitor`: a planted shift is seen, told once, and shown."""

import pytest
from tests.journeys.cohorts import school


@pytest.fixture(scope="module")
def shifted(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('monitor') / 'school.db'}"
    school(url, harder_from=2, n_weeks=4).close()
    return url


# The clock of a command is the machine's: the world of January 2026 is always in the past.
LONG = ("--since", "9999d", "--period", "7")


def test_a_planted_shift_is_seen_in_the_report(learnloop, shifted, tmp_path):
    page = tmp_path / "monitor.html"
    ran = learnloop("monitor", "report", *LONG, "--html", str(page), "--database", shifted)
    assert ran.code == 0
    lines = [line for line in ran.out.splitlines() if "estimator" in line]
    assert len([line for line in lines if "prediction" in line and "2026-01-" in line]) == 2
    assert "raised warning calibration" in ran.out
    assert "<svg" in page.read_text()
    assert str(page) in ran.err


def test_the_report_as_json(learnloop, shifted):
    found = learnloop("monitor", "report", *LONG, "--json", "--database", shifted).json
    assert [one["n"] for one in found["periods"]] == [600] * 4
    assert [one["drifted"] for one in found["periods"]] == [[], [], ["prediction"], ["prediction"]]
    assert {"calibration", "ece"} <= {one["rule"] for one in found["alerts"]}
    assert found["periods"][0]["model"].startswith("ability@")
    nothing = learnloop(
        "monitor", "report", *LONG, "--slot", "none", "--json", "--database", shifted
    )
    assert nothing.json["periods"] == []


def test_alerts_are_raised_once_and_stay_up(learnloop, shifted):
    quiet = learnloop("monitor", "alerts", "--database", shifted)
    assert "no alert is up" in quiet.out
    first = learnloop("monitor", "check", *LONG, "--json", "--database", shifted).json
    assert {"calibration", "ece"} <= {one["rule"] for one in first}
    again = learnloop("monitor", "check", *LONG, "--database", shifted)
    assert "no alert was raised or cleared" in again.out
    up = learnloop("monitor", "alerts", "--json", "--database", shifted).json
    assert sorted(x["alert_id"] for x in up) == sorted(x["alert_id"] for x in first)
    assert len(learnloop("monitor", "alerts", "--all", "--database", shifted).out.splitlines()) >= 2


@pytest.mark.parametrize("wrong", ["30", "d", "0d", "-3d", "30h", "99999d", "３d"])
def test_a_strange_time_is_refused(learnloop, shifted, wrong):
    ran = learnloop("monitor", "report", f"--since={wrong}", "--database", shifted)
    assert ran.code == 1
    assert "--since" in ran.err


def test_a_page_that_can_not_be_written_is_said(learnloop, shifted, tmp_path):
    out = tmp_path / "no" / "such" / "folder.html"
    ran = learnloop("monitor", "report", *LONG, "--html", str(out), "--database", shifted)
    assert ran.code == 1
    assert "can't be written" in ran.err
