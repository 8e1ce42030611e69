"""What goes into a model of the features, and what comes out?"""

from learnloop.core.artifact import TensorSpec


def specs(n_features: int) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """What goes in and what comes out: features (n, n_features), P(correct) (n,)."""
    features = TensorSpec("features", "float32", (None, n_features), unknown=True)
    return (features,), (TensorSpec("p_correct", "float32", (None,)),)
