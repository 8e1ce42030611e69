"""What describes training, and what shows how it went, works without torch."""

import subprocess
import sys

WITHOUT = ("balance", "bar", "batches", "checkpoint", "config", "curves", "schedule", "weights")


def test_settings_batches_checkpoints_and_curves_need_no_torch() -> None:
    modules = ", ".join(f"learnloop.models.train.{name}" for name in WITHOUT)
    code = f"import sys, {modules}; assert not {{'torch', 'matplotlib'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
