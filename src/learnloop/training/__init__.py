"""How does it learn again, and how is it judged? Start with `evaluate.py`, then `dataset.py`.

`columns.py`, `tables.py`, `split.py` and `dataset.py` read a folder of answers; `evaluate.py` is
the protocol, `audit.py` says whether its figures can be believed. A training set of features is
read from `labels.py`, kept by `sets.py`, split by `sides.py` and `continual.py`, drawn from by
`sampling.py`; `journeys/training_set.py` builds it.

Around a fit: `executor/` says where many tasks run; `cross_validate.py`, `tune/` and
`batch_scoring.py` run on it; `tracking/` keeps what was tried.
"""
