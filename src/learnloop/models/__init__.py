"""What is estimated about learners? One package per family; families do not import each other.

Start with `index` (the list of models), then `ability` (the one that serves by default).
"""
