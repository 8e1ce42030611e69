"""How do the models do beside each other? One data set, all models, every difference paired.

Start with `league.py` (figures), then `shapes.py` (where a model is good) and `plots.py`.
"""
