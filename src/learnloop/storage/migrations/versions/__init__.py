"""Which changes were made to the tables, in which order? Start with `v0001_foundation.py`."""
