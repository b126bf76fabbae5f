"""Workers of a study: processes of one command, each of which may be killed, and what is seen of them."""

import multiprocessing
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.process import BaseProcess
from threading import Event, current_thread, main_thread
from typing import Any

import optuna
from optuna.samplers import BaseSampler
from optuna.trial import TrialState
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import SQLAlchemyError

from inkgrad.errors import Error
from inkgrad.trials import GRACE, Objective, Queue, Say, finished, study, work

PATIENCE = 10  # seconds for a worker to hand its trial back


def run(
    url: str,
    name: str,
    n: int,
    workers: int,
    objective: Objective,
    attributes: dict[str, Any],
    sampler: BaseSampler | None = None,
    grace: int = GRACE,
) -> optuna.Study:
    """Have `workers` processes finish the first n trials of the study; return it.

    objective and sampler go to processes of their own, so they must be of a module. Raises Error where the database
    cannot be opened, or no worker is left (the first one's reason).
    """
    context = multiprocessing.get_context("spawn")  # a forked worker would share this one's connections and devices
    reasons = context.SimpleQueue()
    progress = _progress()
    say = partial(progress.console.print, markup=False, highlight=False, soft_wrap=True)
    queue = Queue(url, n, grace, say)
    watched = study(queue, name, attributes)
    done, best = standing(watched, n)
    with progress:
        task = progress.add_task(name, total=n, completed=done, best=best)
        arguments = url, name, n, grace, objective, attributes, sampler, reasons
        processes = [context.Process(target=_worker, args=arguments) for _ in range(workers)]
        try:
            with _interruptible() as interrupted:
                _start(processes)
                alive: list[BaseProcess] = [*processes]
                while alive:
                    if interrupted.wait(min(1, grace / 4)):
                        raise KeyboardInterrupt
                    alive = _left(alive, say)
                    done, best = standing(watched, n)
                    progress.update(task, completed=done, best=best)
        finally:
            _let_go(queue)
            _stop(processes)
    if done < n:
        raise Error(reasons.get() if not reasons.empty() else f"no worker is left after {done} of {n} trials")
    return watched


def _worker(
    url: str,
    name: str,
    n: int,
    grace: int,
    objective: Objective,
    attributes: dict[str, Any],
    sampler: BaseSampler | None,
    reasons: Any,
) -> None:
    warnings.filterwarnings("ignore", "The reported value is ignored")  # of a trial that is run again

    def interrupt(*_: Any) -> None:
        # Again and again: one that comes amid a callback, of which a database has many, may be ignored.
        signal.setitimer(signal.ITIMER_REAL, 1)
        raise KeyboardInterrupt

    def once(trial: optuna.Trial) -> float:
        try:
            return objective(trial)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)  # nothing is to come amid the handing back

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGALRM, interrupt)
    try:
        queue = Queue(url, n, grace, attempts=600)
        work(queue, study(queue, name, attributes, sampler), once)
    except Error as error:
        reasons.put(str(error))
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise SystemExit(1) from None


def standing(study: optuna.Study, n: int) -> tuple[int, str]:
    """How many of the first n trials are finished, and the best so far, for people."""
    over = finished(study)
    complete = [trial for trial in over if trial.state == TrialState.COMPLETE]
    best = max(complete, key=lambda trial: trial.value or 0, default=None)
    return sum(trial.number < n for trial in over), f"{best.value:.2%} (trial {best.number})" if best else "–"


@contextmanager
def _interruptible() -> Iterator[Event]:
    """What Ctrl-C sets as well as raising KeyboardInterrupt, which is lost where it comes amid the callback of a weak
    reference: Python ignores what those raise, and says so, which is kept from the user; and SQLAlchemy has many."""
    interrupted = Event()

    def interrupt(*_: Any) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    def say(lost: "sys.UnraisableHookArgs") -> None:
        if lost.exc_type is not KeyboardInterrupt:
            said(lost)

    # Of a job in the background it may be ignored; and it is the main thread that gets it.
    mine = signal.getsignal(signal.SIGINT) is signal.default_int_handler and current_thread() is main_thread()
    said = sys.unraisablehook
    if mine:
        sys.unraisablehook = say
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupted
    finally:
        if mine:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.unraisablehook = said


def _start(processes: Sequence[BaseProcess]) -> None:
    """Without Ctrl-C, which the terminal sends to all of them: this process ends the workers, as `_stop` does."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    for process in processes:
        process.start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _left(processes: list[BaseProcess], say: Say) -> list[BaseProcess]:
    for process in processes:
        if process.exitcode is not None and process.exitcode < 0:
            say(f"a worker was killed ({signal.Signals(-process.exitcode).name}): its trial will be run again")
    return [process for process in processes if process.exitcode is None]


def _let_go(queue: Queue) -> None:
    """Close the database. A query that Ctrl-C interrupts keeps SQLite locked, for the workers too, as long as the
    traceback has its cursor."""
    error = sys.exc_info()[1]
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__
    with suppress(SQLAlchemyError):  # of a database that is away
        queue.database.remove_session()
        queue.database.engine.dispose()


def _stop(processes: Sequence[BaseProcess]) -> None:
    """Have the workers hand their trials back; where one cannot in PATIENCE, the next to come takes its trial over."""
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(PATIENCE)
        process.kill()
        process.join()


def _progress() -> Progress:
    label, best = (TextColumn(column) for column in ("{task.description}", "best {task.fields[best]}"))
    columns = label, BarColumn(), MofNCompleteColumn(), best, TimeRemainingColumn()
    # The time left is judged by the trials of the last day, not of the last 30 s.
    return Progress(*columns, console=Console(stderr=True), speed_estimate_period=86_400)
