"""girth's and py-irt's two-parameter fits of the same answers.

girth takes a matrix of items x learners with its own number for what is missing. py-irt takes rows
and is trained by its own trainer, with its hierarchical priors and a fixed number of epochs. What
was found is written beside the answers: ability is on girth's N(0, 1); py-irt's is put there.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from timing import Timing, timed
from worker import Job, serve


def setup(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Job]]:
    folder, peer = Path(given["folder"]), given["peer"]
    tables = {name: np.load(folder / f"{name}.npy") for name in given["tables"]}
    fit = _girth() if peer == "girth" else _py_irt(given["epochs"])

    def job(name: str) -> Job:
        def run(n: int) -> Timing:
            found: list[Any] = []
            times = timed(lambda: found.append(fit(tables[name])), [()] * n)
            np.save(folder / f"{name}_{peer}.npy", np.stack(found[-1]))
            return times

        return run

    return {peer: version(peer)}, {name: job(name) for name in tables}


def _girth() -> Any:
    from girth import INVALID_RESPONSE, twopl_mml

    def fit(answers: Any) -> tuple[Any, Any]:
        coded = np.where(np.isnan(answers), INVALID_RESPONSE, answers).astype(int).T
        found = twopl_mml(coded)
        return found["Discrimination"], found["Difficulty"]

    return fit


def _py_irt(epochs: int) -> Any:
    import torch
    from py_irt.config import IrtConfig
    from py_irt.dataset import Dataset
    from py_irt.training import IrtModelTrainer

    torch.set_num_threads(1)

    def fit(answers: Any) -> tuple[Any, Any]:
        learner, item = np.nonzero(~np.isnan(answers))
        n_learners, n_items = answers.shape
        learners, items = [str(i) for i in range(n_learners)], [str(i) for i in range(n_items)]
        rows = Dataset(
            item_ids=set(items),
            subject_ids=set(learners),
            item_id_to_ix={x: i for i, x in enumerate(items)},
            ix_to_item_id=dict(enumerate(items)),
            subject_id_to_ix={x: i for i, x in enumerate(learners)},
            ix_to_subject_id=dict(enumerate(learners)),
            observation_subjects=learner.tolist(),
            observation_items=item.tolist(),
            observations=answers[learner, item].tolist(),
            training_example=[True] * len(item),
        )
        torch.manual_seed(0)
        config = IrtConfig(model_type="2pl", epochs=epochs, priors="hierarchical")
        trainer = IrtModelTrainer(data_path=None, config=config, dataset=rows, verbose=False)
        trainer.train(device="cpu")
        found = {name: np.asarray(x) for name, x in trainer.last_params.items() if name in _NAMES}
        mean, spread = found["ability"].mean(), found["ability"].std()
        return found["disc"] * spread, (found["diff"] - mean) / spread

    return fit


_NAMES = ("ability", "diff", "disc")

serve(setup)
