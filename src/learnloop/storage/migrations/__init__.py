"""How did the tables come to be? One file per change; start with `versions/v0001_foundation.py`.

`env.py` is Alembic's way in; `learnloop.storage.migrate` runs it.
"""
