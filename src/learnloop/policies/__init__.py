"""What do we choose? Pure functions of a context. Start with `recommend/policy.py`.

`standing.py` says where a learner stands in each skill, `curriculum.py` what the catalog's
prerequisites imply; `recommend/` chooses items, `path.py` orders skills, `explain.py` says why.
"""
