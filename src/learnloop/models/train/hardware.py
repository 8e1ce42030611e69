"""Where is it computed, how exactly, and with the same bits each time?

bf16 is used only on a CUDA device that computes in it: a CPU without such
units is slower in it. Weights, losses and the optimizer stay fp32, so no scaling of the loss is
needed.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch

from learnloop.core.errors import InvalidInput
from learnloop.models.train.config import TrainerConfig


def chosen_device(config: TrainerConfig) -> torch.device:
    """The device that is asked for.

    Raises:
        InvalidInput: It is `cuda`, and there is none.
    """
    there = torch.cuda.is_available()
    if config.device == "cuda" and not there:
        raise InvalidInput("device=cuda: this machine has no CUDA device; use auto", field="device")
    return torch.device("cuda" if there and config.device != "cpu" else "cpu")


def mixed(config: TrainerConfig, device: torch.device) -> AbstractContextManager[object]:
    """Inside it, the network computes in bf16 where that was chosen."""
    helps = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    bf16 = config.precision == "bf16" or (config.precision == "auto" and helps)
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16)


@contextmanager
def settled(config: TrainerConfig, device: torch.device) -> Iterator[None]:
    """Seed, threads and determinism as configured; the process has its own again afterwards."""
    n_threads = torch.get_num_threads()
    strict, warn = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    if config.deterministic and device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    devices = range(torch.cuda.device_count()) if device.type == "cuda" else ()
    with torch.random.fork_rng(devices):
        try:
            torch.set_num_threads(config.n_threads)
            torch.use_deterministic_algorithms(config.deterministic)
            torch.manual_seed(config.seed)
            yield
        finally:
            torch.set_num_threads(n_threads)
            torch.use_deterministic_algorithms(strict, warn_only=warn)
