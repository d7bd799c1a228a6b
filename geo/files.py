"""Files and folders that are either wholly written or not at all.

Measured (``kill -9`` while writing over an older file): a GeoPackage written in
place was damaged in half of the trials; temporary file + fsync + replace +
directory fsync, never.
"""

import ctypes
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from geo.errors import OutputError
from geo.text import LANGUAGES, texts


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Give a temporary path whose file replaces `path` when the block ends well.

    Parameters
    ----------
    path
        The file to write; its folder must exist.

    Yields
    ------
    pathlib.Path
        Where to write: a file of the same suffix in a private folder beside `path`.

    Raises
    ------
    OutputError
        If the folder cannot be written or the disk is full; `path` is then as before.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with replace_file(folder / "gaps.csv") as temporary:
    ...     _ = temporary.write_text("community_id", encoding="utf-8")
    >>> (folder / "gaps.csv").read_text(encoding="utf-8")
    'community_id'
    """
    with _told(path), _scratch(path) as scratch:
        temporary = scratch / path.name
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)


@contextmanager
def replace_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder that replaces `path` when the block ends well.

    An older `path` keeps every file that the new folder does not hold: they are
    moved over before the exchange, so nothing of the user's is lost.

    Parameters
    ----------
    path
        The folder to write; its parent is made if it is missing.

    Yields
    ------
    pathlib.Path
        An empty folder beside `path`.

    Raises
    ------
    OutputError
        If `path` is a file or cannot be written, or the disk is full; `path` is
        then as before.
    """
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_dir():
            raise OutputError("not_a_folder", path=path.name)
        with _scratch(path) as scratch:
            new = scratch / "new"
            new.mkdir()
            yield new
            _keep_others(path, new)
            for file in sorted(new.rglob("*")):
                _sync(file)
            _sync(new)
            _exchange(path, new, scratch / "old")
            _sync(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, where they are missing.

    Parameters
    ----------
    path
        The folder.

    Raises
    ------
    OutputError
        If it cannot be made, or there is a file of that name.
    """
    with _told(path):
        if path.exists() and not path.is_dir():
            raise OutputError("not_a_folder", path=path.name)
        path.mkdir(parents=True, exist_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, wholly or not at all.

    Parameters
    ----------
    path
        The file to write.
    text
        Its content.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    with replace_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        reasons = {f"reason_{lang}": _reason(error, lang) for lang in LANGUAGES}
        raise OutputError("cannot_write", path=path.name, **reasons) from error


def _reason(error: OSError, lang: str) -> str:
    """Say why the system refused, in `lang` where there are words for it."""
    name = errno.errorcode.get(error.errno or 0, "")
    known = texts(lang).get(f"refusal.{name}")
    return known or error.strerror or str(error)


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    _clear_left_over(path)
    prefix = f".{path.name}.{os.getpid()}."
    scratch = Path(tempfile.mkdtemp(prefix=prefix, dir=path.parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _clear_left_over(path: Path) -> None:
    """Remove what killed runs left, and put back an output that they had moved."""
    for scratch in path.parent.glob(f".{path.name}.*.*"):
        pid = scratch.name.split(".")[-2]
        if not pid.isdecimal() or _is_running(int(pid)):
            continue
        if not path.exists() and (scratch / "old").is_dir():
            (scratch / "old").rename(path)
        shutil.rmtree(scratch, ignore_errors=True)


def _is_running(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # signal 0 would end the process there: leave its folder alone
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync(path: Path) -> None:
    # folders cannot be opened for syncing on Windows
    with suppress(PermissionError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _keep_others(old: Path, new: Path) -> None:
    if not old.is_dir():
        return
    for file in old.iterdir():
        target = new / file.name
        if target.exists():
            continue
        if file.is_dir() and not file.is_symlink():
            shutil.copytree(file, target, symlinks=True)
        else:
            shutil.copy2(file, target, follow_symlinks=False)


def _exchange(path: Path, new: Path, old: Path) -> None:
    if not path.exists():
        new.rename(path)
    elif not _swap(new, path):
        path.rename(old)
        new.rename(path)


def _swap(one: Path, other: Path) -> bool:
    """Exchange two folders in one step where the system can (Linux renameat2)."""
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    paths = os.fsencode(one.absolute()), os.fsencode(other.absolute())
    return bool(renameat2(here, paths[0], here, paths[1], exchange) == 0)
