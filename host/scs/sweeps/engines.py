"""Engines that compute chunks: this process, a pool of processes, or Dask.

Role: an Executor of concurrent.futures for each of them, and run(), which feeds it and keeps what
comes back. Invariant: workers write nothing, so that they need no common file system; a chunk is
the same whichever engine computes it, and in whichever order.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import ExitStack, contextmanager
from multiprocessing import connection
from pathlib import Path
from typing import Any

from ..errors import Failure, LinkLost
from . import folder as folders
from .extras import required
from .folder import Manifest

AHEAD = 2  # chunks that wait for each worker
POLL_S = 0.2  # how soon an interruption is heard
LOOK_S = 1.0  # how often the folder is looked at
CONNECT_S = 10


class Here(Executor):
    """Executor that computes at once, in this process."""

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments, **options))
        except Exception as reason:
            future.set_exception(reason)
        return future


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _worker() -> None:
    """Prepare a process of the pool: Ctrl-C is its parent's matter, and it ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])  # until it ends, by kill -9 too
        os._exit(1)


@contextmanager
def engine(jobs: int, dask: str = "") -> Iterator[tuple[Executor, int]]:
    """Yield an Executor and how many chunks to ask of it at once.

    jobs: processes; dask: address of a scheduler, used instead. Raises LinkLost if none answers,
    Failure if a worker ends in the `with`.
    """
    ended: tuple[type[Exception], ...] = (BrokenExecutor, CancelledError)
    with ExitStack() as stack:
        if dask:
            distributed = required("distributed", "dask")
            ended += (distributed.KilledWorker,)
            client = stack.enter_context(_client(distributed, dask))
            pool, workers = client.get_executor(), sum(client.nthreads().values())
        else:
            pool, workers = _pool(jobs), jobs
            stack.callback(pool.shutdown, cancel_futures=True)
        try:
            yield pool, workers * AHEAD if workers > 1 else 1
        except ended as reason:
            who = "a worker or the scheduler" if dask else "a worker"
            raise Failure(
                f"{who} ended before its chunk was computed, killed or out of memory; what was "
                "computed is kept: the same command computes the rest, with fewer --jobs in less "
                f"memory ({type(reason).__name__})"
            ) from None


def _pool(jobs: int) -> Executor:
    return ProcessPoolExecutor(jobs, initializer=_worker) if jobs > 1 else Here()


def _client(distributed: Any, address: str) -> Any:
    """Return a client of a scheduler that has workers."""
    logging.getLogger("distributed.client").setLevel(
        logging.CRITICAL
    )  # an end is told once, by engine()
    try:
        client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as reason:
        why = str(reason).partition("\n")[0]
        message = f"no Dask scheduler answers at {address} ({why}); start one with: dask scheduler"
        raise LinkLost(message) from None
    if not client.nthreads():
        client.close()
        raise LinkLost(
            f"the Dask scheduler at {address} has no workers; e.g. dask worker {address}"
        )
    return client


def run(
    folder: Path,
    held: Manifest,
    pool: Executor,
    ahead: int,
    progress: Callable[[float], None] = lambda _share: None,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Compute the chunks that are missing in a folder; return how many are still missing.

    ahead: how many are asked for at once. Once stop() is true, only those are awaited and kept.
    """
    there, looked_s = set(folders.kept(folder)), time.monotonic()
    order = [number for number in range(held.chunks) if number not in there]
    random.SystemRandom().shuffle(order)  # two processes in one folder meet seldom
    asked: dict[Future[bytes], int] = {}
    while asked or (order and not stop()):
        if time.monotonic() - looked_s > LOOK_S:  # what others have computed
            there, looked_s = set(folders.kept(folder)), time.monotonic()
        while order and len(asked) < ahead and not stop():
            number = order.pop()
            if number not in there:
                asked[pool.submit(folders.computed, held, number)] = number
        ready, _waiting = wait(asked, timeout=POLL_S, return_when=FIRST_COMPLETED)
        for future in ready:
            folders.keep(folder, held, asked.pop(future), future.result())
        progress(1 - (len(order) + len(asked)) / held.chunks)
    return len(order)
