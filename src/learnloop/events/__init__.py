"""What happened? Every format that interactions arrive in becomes `core.types.Interaction` here.

Start with `native.py` (the HTTP and JSONL form), then `ingest.py` (what every interaction must
satisfy, wherever it came from), then `csv.py` (logs of other systems, by a map from `logmap.py`)
and `xapi/` (statements).
"""
