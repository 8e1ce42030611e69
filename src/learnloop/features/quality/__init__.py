"""Can this log be trusted? Start with `look.py`, which asks every question of a frame of events.

`content.py` looks into the rows, `arrival.py` at when they came, `conduct.py` at what people and
clocks can't do. `report.py` is the answer, `page.py` the same answer to look at.
"""
