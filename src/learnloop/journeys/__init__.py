"""The story: one file per turn of the loop, where the stages meet. Start with `engine.py`.

A journey is a plain function `(live, tx, ...) -> result` inside one transaction; only
`PersonalizationEngine` (or a server that groups many journeys) begins and commits one.
"""
