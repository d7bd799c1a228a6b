"""Rates that are given without the counts behind them."""

from fractions import Fraction


def reaches_given(rate: float, least: Fraction) -> bool | None:
    """Tell whether a rate that is given without counts reaches a share.

    A rate of so many digits stands for any number that rounds to it: 66.7 % may be
    less than two thirds. Where rounding decides, nobody can tell, unless it is
    the very number that is asked for.

    Parameters
    ----------
    rate
        Share of 1 as it was given.
    least
        Least share.

    Returns
    -------
    bool or None
        Whether it does; None: counts are needed.
    """
    exact = Fraction(repr(rate))
    percent = exact * 100
    digits = len(repr(float(percent)).rstrip("0").partition(".")[2])
    half = Fraction(1, 2 * 100 * 10**digits)
    if exact == least or exact - half >= least:
        return True
    return False if exact + half <= least else None
