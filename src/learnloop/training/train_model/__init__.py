"""How does a folder of answers become a model, with figures that can be believed? One call.

    trained = train(read_dataset(folder), Plan("feature_net", created_at=clock.now()))
    write(trained.artifact, trained.pictures, Path("feature_net-1"))

Start with `making.py`, which tells the story. `kinds.py` fits and asks the two kinds of module,
`config.py` reads settings, `rehearsal.py` cross-validates and tunes inside the training learners,
`telling.py` is what the manifest, the card and the pictures say, `folder.py` writes them.
"""

from learnloop.training.train_model.folder import write
from learnloop.training.train_model.making import Plan, Trained, train

__all__ = ["Plan", "Trained", "train", "write"]
