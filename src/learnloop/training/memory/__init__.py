"""How is memory judged? On a log of answers (`asking.py`), and on review logs (`protocol.py`).

`logs.py` reads review logs, `baselines.py` has what is to be beaten, `peer.py` asks fsrs-rs.
"""
