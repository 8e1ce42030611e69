"""What answers now? Start with `orchestrator.py`, then `live_set.py` and `loading.py`."""
