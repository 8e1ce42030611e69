"""Learners whose truth we know, for demos and to judge policies. Start with `learner.py`."""
