"""How are other systems measured? Each in its own interpreter, through the way it documents.

Start with `process.py` (our side) and `worker.py` (theirs). Install what they need into a virtual
environment of its own: see benchmarks/README.md.
"""
