"""Will the next answer be right, from all that was seen of a learner? Models of P(correct).

`bkt` is a hidden yes or no for each skill, `feature_net` a small network on the online features.
"""
