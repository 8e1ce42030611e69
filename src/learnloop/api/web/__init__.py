"""The first page, for people: sign in, see what is known and why, answer, see what changes.

Rendered here, without a script. Start with `pages.py`.
"""
