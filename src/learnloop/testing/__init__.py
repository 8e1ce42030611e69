"""Does a part keep the promises of its seam? Suites to subclass, and nouns to test with.

Start with `store.py`: subclass `StoreSuite`, give it a `make_store`, and pytest runs every promise
of `learnloop.core.protocols.Store` against it. `builders.py` makes one small noun of each kind,
`strategies.py` makes odd ones with hypothesis. Needs pytest and hypothesis.
"""
