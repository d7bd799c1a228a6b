"""The few ways in which the tool refuses to go on.

Each error is also the built-in that callers would catch, and speaks both
languages: its texts are ``error.<code>.message`` (what happened, where) and
``error.<code>.action`` (what to do next).
"""

from typing import Any

from geo.text import DEFAULT_LANGUAGE, tr


class PianquError(Exception):
    """Base of all errors that a user can mend.

    Parameters
    ----------
    code
        Name of the error in ``data/text``.
    **params
        Values for the named places of its two texts: at least the layer and
        the rows where there are any.
    """

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def message(self, lang: str = DEFAULT_LANGUAGE) -> str:
        """Return what happened and where, in `lang`."""
        return tr(f"error.{self.code}.message", lang, **self.params)

    def action(self, lang: str = DEFAULT_LANGUAGE) -> str:
        """Return what to do next, in `lang`."""
        return tr(f"error.{self.code}.action", lang, **self.params)

    def __str__(self) -> str:
        """Return message and action in the default language."""
        return f"{self.message()}\n{self.action()}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the parameters when the error crosses a process."""
        return _rebuild, (type(self), self.code, self.params)


class InputError(PianquError, ValueError):
    """A file, layer, column or value that cannot be used."""


class CrsError(InputError):
    """A layer whose coordinate system is missing or not usable."""


class RuleError(PianquError, ValueError):
    """A rule table, profile or setting that is not valid."""


class OutputError(PianquError, OSError):
    """A file or folder that cannot be written."""


class FetchError(PianquError, ConnectionError):
    """An answer from the internet that did not come."""


class CancelledError(PianquError, InterruptedError):
    """A long step that the user stopped."""


def _rebuild(kind: type[PianquError], code: str, params: dict[str, Any]) -> PianquError:
    return kind(code, **params)
