"""Will the next answer be right, from all that was seen of a learner? Models of P(correct).

`feature_net` is a small network on the online features.
"""
