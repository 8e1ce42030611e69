"""Models beside each other: paired, ranked, and shown where they are good."""

from pathlib import Path

import numpy as np
import pytest

from learnloop.core.answers import STUDY
from learnloop.core.errors import DataError, InvalidInput
from learnloop.metrics import auc
from learnloop.training.benchmark.league import League, enter, guest, rank
from learnloop.training.benchmark.plots import plots
from learnloop.training.benchmark.shapes import by_history, learning_curve
from learnloop.training.dataset import Dataset, read_dataset
from learnloop.training.evaluate import answers, compare

from .conftest import Write
from .simulated import clean_log

NAMES = ("baseline/constant", "baseline/item", "ability")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    columns = clean_log(n_learners=60)
    folder = tmp_path_factory.mktemp("data") / "made-up"
    folder.mkdir()
    lines = [
        ",".join(columns),
        *(",".join(map(str, r)) for r in zip(*columns.values(), strict=True)),
    ]
    (folder / "interactions.csv").write_text("\n".join(lines) + "\n")
    return read_dataset(folder)


@pytest.fixture(scope="module")
def league(data: Dataset) -> League:
    entrants = [enter(name, data) for name in NAMES]
    return rank(entrants, "baseline/item", np.random.default_rng(0), n_resamples=50)


def test_the_best_comes_first_and_the_reference_is_nothing_above_itself(league: League) -> None:
    areas = [s.figures["auc"].point for s in league.standings]
    assert areas == sorted(areas, reverse=True)
    assert league.standings[0].entrant.name == "ability"
    own = next(s for s in league.standings if s.entrant.name == league.reference)
    assert {tuple(difference) for difference in own.above.values()} == {(0.0, 0.0, 0.0)}


def test_a_difference_is_that_of_the_two_models_alone(league: League, data: Dataset) -> None:
    by_name = {s.entrant.name: s for s in league.standings}
    ours, base = by_name["ability"], by_name["baseline/item"]
    alone = compare(ours.entrant.scored, base.entrant.scored, np.random.default_rng(0), 50)
    for name, difference in alone.differences.items():
        np.testing.assert_allclose(ours.above[name], difference)


def test_the_json_names_every_model_and_figure(league: League) -> None:
    found = league.as_json()
    assert set(found["models"]) == set(NAMES)
    wanted = {"auc", "log_loss", "ece", "ece_calibrated_95", "first5_auc", "fit_cpu_s", "intervals"}
    assert wanted <= found["models"]["ability"].keys()
    assert found["models"]["ability"]["fit_cpu_s"] > 0


def test_a_reference_that_takes_no_part_is_refused(data: Dataset) -> None:
    with pytest.raises(InvalidInput, match="takes no part"):
        rank([enter("baseline/item", data)], "ability", np.random.default_rng(0))


def test_a_guest_is_judged_by_the_chances_of_its_file(data: Dataset, tmp_path: Path) -> None:
    own = enter("baseline/item", data)
    file = tmp_path / "p.txt"
    np.savetxt(file, own.scored.p, fmt="%.17g")
    entrants = [own, guest("peer", data, file)]
    found = rank(entrants, "baseline/item", np.random.default_rng(0), n_resamples=20)
    assert {tuple(x) for s in found.standings for x in s.above.values()} == {(0.0, 0.0, 0.0)}


@pytest.mark.parametrize(
    ("content", "why"),
    [("0.5\n0.5\n", "held-out answers"), ("half\n", "not a list"), (None, "not a list")],
)
def test_a_file_that_is_no_guest_is_refused(
    data: Dataset, tmp_path: Path, content: str | None, why: str
) -> None:
    file = tmp_path / "p.txt"
    if content is not None:
        file.write_text(content)
    with pytest.raises(DataError, match=why):
        guest("peer", data, file)


def test_a_chance_above_one_is_named_by_its_line(data: Dataset, tmp_path: Path) -> None:
    n = int((data.test.correct != STUDY).sum())
    file = tmp_path / "p.txt"
    file.write_text("\n".join(["0.5", "1.5", *["0.5"] * (n - 2)]))
    with pytest.raises(DataError, match=r"p\.txt:2: 1\.5 is no chance"):
        guest("peer", data, file)


def test_stretches_of_history_hold_every_answer_once(league: League, data: Dataset) -> None:
    learner, correct = answers(data.test)
    p = league.standings[0].entrant.scored.p
    found = by_history(learner, correct, p)
    assert sum(stretch.n for stretch in found) == len(correct)
    nth = np.arange(len(learner)) - np.searchsorted(learner, learner)
    early = nth < 1
    assert found[0].auc == pytest.approx(auc(correct[early], p[early]))


def test_a_learning_curve_is_of_the_nth_practice_of_a_skill(write: Write) -> None:
    folder = write(
        interactions={
            "user_id": ["train", "a", "a", "a", "b", "b"],
            "item_id": [1, 1, 2, 1, 2, 2],
            "skill_id": [7, 7, 8, 7, 8, 8],
            "correct": [1, 1, 0, 0, 1, 1],
            "split": ["train", *["test"] * 5],
        }
    )
    test = read_dataset(folder).test
    curve = learning_curve(test, np.array([0.9, 0.2, 0.5, 0.4, 0.6]))
    assert curve.n[:3].tolist() == [3, 2, 0]
    np.testing.assert_allclose(curve.right[:2], [2 / 3, 1 / 2])
    np.testing.assert_allclose(curve.said[:2], [0.5, 0.55])


def test_plots_are_png(league: League) -> None:
    drawn = plots(league)
    assert {"auc.png", "calibration.png", "history.png", "learning-curves.png"} == drawn.keys()
    assert all(content.startswith(b"\x89PNG") for content in drawn.values())
