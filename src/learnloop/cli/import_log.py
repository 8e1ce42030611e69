"""How does a log of another system come in? Row by row; the good rows are kept."""


def import_file() -> None:
    """Import."""
