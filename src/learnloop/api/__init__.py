"""Who is served over HTTP? Start with `app.py`, then `hot.py` (the routes called at every click).

`errors.py` gives every error its status, `writer.py` commits in groups, `server.py` runs it all.
"""
