"""Long work in the background, and a shelf for what it made.

Everything on the shelf is kept under a key that names its whole input (fingerprint
of the district, frozen settings, language ...), never under what a session calls
it: so two users who ask the same share the answer, and others never meet it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock
from typing import Any, TypeVar

from geo.errors import CancelledError
from geo.progress import Progress

Made = TypeVar("Made")

#: Finished results that are kept, the least recently used go first.
KEPT_RESULTS = 24
#: Finished results that nobody asked for so long are dropped.
KEPT_SECONDS = 4 * 3600.0
#: View data (geometry, tables, texts) that is kept.
KEPT_VIEWS = 240
#: Jobs that run at once.
WORKERS = 3


class Job:
    """One piece of work in a thread of its own, told by stage and share.

    Parameters
    ----------
    work
        Called with the progress to tell; its answer becomes the job's result.
    pool
        Where it runs.
    """

    def __init__(
        self, work: Callable[[Progress], Any], pool: ThreadPoolExecutor
    ) -> None:
        self.stage = "stage.waiting"
        self.share = 0.0
        self.watched = time.monotonic()
        self._watchers: set[str] = set()
        self._stop = Event()
        self._future: Future[Any] = pool.submit(work, self._tell)

    @property
    def done(self) -> bool:
        """Whether the work has ended, well or not."""
        return self._future.done()

    @property
    def failed(self) -> bool:
        """Whether the work has ended in an error."""
        return self.done and self._future.exception() is not None

    @property
    def stopping(self) -> bool:
        """Whether the work was told to stop: whoever wants it begins it anew."""
        return self._stop.is_set() and not self.done

    @property
    def error(self) -> BaseException | None:
        """What the work raised; waits for it if need be."""
        return self._future.exception()

    def result(self) -> object:
        """Return what the work made.

        Returns
        -------
        object
            The answer of the work; waits for it if need be.

        Raises
        ------
        PianquError
            Whatever the work raised.
        """
        return self._future.result()

    def watch(self, session: str) -> None:
        """Note that a session waits for the job.

        Parameters
        ----------
        session
            Name of the session.
        """
        self._watchers.add(session)
        self.watched = time.monotonic()

    def cancel(self, session: str) -> None:
        """Stop the job for one session; it goes on as long as another waits.

        Parameters
        ----------
        session
            Name of the session.
        """
        self._watchers.discard(session)
        if not self._watchers:
            self._stop.set()

    def _tell(self, stage: str, share: float) -> None:
        if self._stop.is_set():
            raise CancelledError("view_cancelled")
        self.stage, self.share = stage, min(1.0, max(0.0, share))


class Shelf:
    """Jobs and their results, shared by all sessions of the server."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="pianqu")
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()
        self._views: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def start(
        self, key: Hashable, work: Callable[[Progress], Any], session: str
    ) -> Job:
        """Return the job of `key`; begin it if there is none or it has failed.

        Parameters
        ----------
        key
            The whole input of the work.
        work
            What to do.
        session
            Name of the session that waits.

        Returns
        -------
        Job
            The job, running or done.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.failed or job.stopping:
                job = self._jobs[key] = Job(work, self._pool)
            job.watch(session)
            self._jobs.move_to_end(key)
            self._trim()
        return job

    def peek(self, key: Hashable) -> Job | None:
        """Return the job of `key`, if there is one.

        Parameters
        ----------
        key
            The whole input of the work.

        Returns
        -------
        Job or None
            The job.
        """
        return self._jobs.get(key)

    def drop(self, key: Hashable) -> None:
        """Forget what was made for `key`: its input has changed on disk.

        Parameters
        ----------
        key
            The whole input of the work.
        """
        with self._lock:
            self._jobs.pop(key, None)

    def view(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what was made for `key`, or make it.

        Parameters
        ----------
        key
            The whole input of `make`.
        make
            Makes what is not there; quick, since the page waits for it.

        Returns
        -------
        object
            The view data; whoever gets it must not change it.
        """
        with self._lock:
            if key in self._views:
                self._views.move_to_end(key)
                found: Made = self._views[key]
                return found
        made = make()
        with self._lock:
            self._views[key] = made
            while len(self._views) > KEPT_VIEWS:
                self._views.popitem(last=False)
        return made

    def find(self, key: Hashable) -> object:
        """Return what was made for `key`, if it is still there.

        Parameters
        ----------
        key
            The whole input.

        Returns
        -------
        object
            The view data, or None.
        """
        with self._lock:
            return self._views.get(key)

    def _trim(self) -> None:
        finished = [key for key, job in self._jobs.items() if job.done]
        spare = len(finished) - KEPT_RESULTS
        oldest = time.monotonic() - KEPT_SECONDS
        for at, key in enumerate(finished):
            if at < spare or self._jobs[key].watched < oldest:
                del self._jobs[key]
