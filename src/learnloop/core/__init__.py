"""The words of learnloop: nouns, seams, errors, time and chance. Start with `types.py`.

Standard library and numpy only; every other package imports this one, it imports none.
"""
