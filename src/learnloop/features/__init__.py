"""What is known about a learner from their log? Start with `definitions/`, then `language.py`.

A feature is one expression of the language; `online.py` computes all of them for one learner event
by event (`fold.py`), `batch.py` for whole logs (`log.py`, `asof.py`), and both give the same
numbers. `describe.py` says how a feature is computed, for people.

Beside them, `state.py` keeps any fold up to date (advance, current, replay), `profile.py` is the
fold behind a learner's profile, and `views.py` turns its integers into what people read.
"""
