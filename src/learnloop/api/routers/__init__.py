"""The ordinary routes, one router per journey. Start with `profiles.py`.

The three routes that platforms call at every click are in `api.hot`; only their documentation is
made like these.
"""
