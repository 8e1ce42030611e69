"""How did training go, to look at? One panel for the loss, one for each other figure.

The picture is the same bytes for the same history and version of matplotlib.
"""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from learnloop.core.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INSTALL = "curves need matplotlib: pip install 'learnloop[train]'"
LOSSES = ("train_loss", "loss")
WIDTH, HEIGHT = 4.0, 3.0  # inches of a panel


def curves(
    history: Sequence[Mapping[str, float]],
    best_epoch: int | None = None,
    form: Literal["png", "svg"] = "png",
) -> bytes:
    """A picture of a history.

    Args:
        history: The figures of each epoch, as of `loop.TrainingResult`.
        best_epoch: Marked in every panel.
        form: Of the picture.

    Raises:
        InvalidInput: The extra `train` is not installed, or the history is empty.
    """
    if not history:
        raise InvalidInput("a history without epochs has no curves", field="history")
    try:
        import matplotlib  # noqa: PLC0415 - slow, and only needed here
        from matplotlib.figure import Figure  # noqa: PLC0415
        from matplotlib.ticker import MaxNLocator  # noqa: PLC0415
    except ImportError:
        raise InvalidInput(INSTALL) from None
    losses = [name for name in LOSSES if name in history[0]]
    panels = [losses, *([name] for name in history[0] if name not in losses)]
    with matplotlib.rc_context({"svg.hashsalt": "learnloop"}):
        figure = Figure(figsize=(WIDTH * len(panels), HEIGHT), layout="constrained")
        row = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, names in zip(row, panels, strict=True):
            _panel(axes, history, names, best_epoch)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        buffer = io.BytesIO()
        undated = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(buffer, format=form, metadata=undated)
    return buffer.getvalue()


def _panel(
    axes: "Axes",
    history: Sequence[Mapping[str, float]],
    names: Sequence[str],
    best_epoch: int | None,
) -> None:
    for name in names:
        axes.plot([figures[name] for figures in history], marker=".", label=name)
    if best_epoch is not None:
        axes.axvline(best_epoch, linestyle=":", color="grey")
    axes.set_xlabel("epoch")
    axes.legend()
