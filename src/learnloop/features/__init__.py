"""What is known about a learner from their log? Start with `state.py`, then `profile.py`.

`state.py` keeps any fold up to date (advance, current, replay), `profile.py` is the first fold and
`views.py` turns its integers into what people and policies read.
"""
