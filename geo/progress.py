"""How long steps tell where they are, and how they are stopped."""

from collections.abc import Callable

#: Called with a stage key of ``data/text`` and the share done (0 to 1). To stop
#: the work it raises :class:`geo.errors.CancelledError`.
Progress = Callable[[str, float], None]


def no_progress(stage: str, share: float) -> None:
    """Tell nobody.

    Parameters
    ----------
    stage
        Stage key of ``data/text``.
    share
        Share done, 0 to 1.
    """
