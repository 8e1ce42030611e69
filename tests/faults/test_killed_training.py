"""Does training end with the same weights after any number of kill -9 at any point?"""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from learnloop.models.train.config import TrainerConfig
from tests.unit.models.train.nets import short_run

ROOT = Path(__file__).parents[2]
TRAIN = """
import sys
from pathlib import Path
from learnloop.models.train.checkpoint import Checkpoints
from learnloop.models.train.config import TrainerConfig
from tests.unit.models.train.nets import short_run

class Teller:
    def on_epoch(self, epoch, metrics):
        print("epoch", flush=True)

print("ready", flush=True)
config = TrainerConfig.model_validate_json(sys.argv[1])
kept = Checkpoints(Path(sys.argv[2]), float(sys.argv[3]))
print(short_run(config, checkpoints=kept, tracker=Teller()).digest, flush=True)
"""


def started(config: TrainerConfig, folder: Path, every_s: float) -> subprocess.Popen[str]:
    """Training in another process, which goes on from what is in the folder."""
    command = [sys.executable, "-c", TRAIN, config.model_dump_json(), str(folder), str(every_s)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def killed(config: TrainerConfig, folder: Path, rng: random.Random, n_told: int) -> None:
    """Train in another process, and kill it a moment after it has told so many lines."""
    child = started(config, folder, every_s=0.0)
    assert child.stdout is not None
    for _ in range(n_told):
        child.stdout.readline()
    time.sleep(rng.expovariate(1 / 0.03))
    child.kill()
    child.communicate()


def steps_kept(folder: Path) -> int:
    return max((int(path.name[:12]) for path in folder.glob("*.npz")), default=0)


@pytest.mark.slow
@pytest.mark.parametrize("n_kills", [1, pytest.param(12, marks=pytest.mark.faults)])
def test_a_killed_run_ends_with_the_weights_of_one_that_was_not(
    tmp_path: Path, n_kills: int
) -> None:
    rng = random.Random(n_kills)
    config = TrainerConfig(seed=3, epochs=20 + 5 * n_kills, batch_size=16, patience=None)
    for kill in range(n_kills):
        # "ready" is told first; so some are killed before their first epoch ends.
        killed(config, tmp_path, rng, n_told=3 if kill == 0 else rng.choice((1, 1, 2, 3)))
    n_kept, n_steps = steps_kept(tmp_path), 4 * config.epochs
    assert 0 < n_kept < n_steps, "killed too early or too late to show anything"
    told, _ = started(config, tmp_path, every_s=30.0).communicate()
    assert told.splitlines()[-1] == short_run(config).digest
    print(f"{n_kills} kills in the first {n_kept} of {n_steps} steps")
