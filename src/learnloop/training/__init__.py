"""How does it learn again, and how is it judged? Start with `evaluate.py`, then `dataset.py`.

`columns.py`, `tables.py`, `split.py` and `dataset.py` read a folder of answers; `evaluate.py` is
the protocol, `audit.py` says whether its figures can be believed.
"""
