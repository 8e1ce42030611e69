"""The `learnloop` command. Start with `app.py` (the list of commands); each command is one file.

A command parses, calls one journey, and prints; nothing else is decided here. Heavy packages are
imported inside the commands, so that `--help` answers at once.
"""

import os

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")


def main() -> None:
    """Run the command line; the entry point of the `learnloop` script."""
    # Before numpy is loaded: for arrays this small, many threads only make the slowest call slower.
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    from learnloop.cli.app import run

    run()
