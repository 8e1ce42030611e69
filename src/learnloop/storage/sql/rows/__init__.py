"""How does a noun become a row, and a row the noun again? Exactly, in the schema's column order.

Start with `log.py`; `cells.py` says how single values are kept.
"""
