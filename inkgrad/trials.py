"""A study of Optuna that many processes work on, any of which may be killed, in a database that may go away.

The study is a queue. Its trials are made beforehand, blank and waiting, so "n trials" means those numbered below n,
whoever runs them: Optuna's own way, a new trial for whoever asks, overshoots when several ask for the last one. A trial
that its worker does not finish waits again under the same number, with the same parameters. Optuna's way, to fail it
and to add a copy, is two steps: a kill between them loses the trial, and the copy counts as another.

The database holds a plain study of Optuna: its dashboard and `optuna.load_study` open it.
"""

import time
import warnings
from collections.abc import Callable
from functools import partial
from itertools import count
from multiprocessing import parent_process
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError, UpdateFinishedTrialError
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage, RDBStorage, fail_stale_trials
from optuna.storages._heartbeat import BaseHeartbeat  # no public name (Optuna 5.0)
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError, PendingRollbackError, SQLAlchemyError

from inkgrad.errors import Error, first_line

GRACE = 60  # seconds without a heartbeat after which a worker counts as dead; it beats four times as often
# The third because Optuna reads a second time in a transaction that was cut.
_AWAY = OperationalError, InterfaceError, PendingRollbackError
Objective = Callable[[optuna.Trial], float]
Say = Callable[[str], None]

optuna.logging.set_verbosity(optuna.logging.ERROR)  # it tells of each trial that is stopped, with a traceback


class _Taken(Exception):
    """There is no waiting trial: another worker was faster."""


def _patient(name: str) -> Any:
    return lambda self, *args, **kwargs: self.wait(partial(getattr(self.database, name), *args, **kwargs))


# Every method of a storage with a heartbeat, done by `database` once that answers.
_Patient: Any = type(
    "_Patient",
    (BaseStorage, BaseHeartbeat),
    {name: _patient(name) for name in BaseStorage.__abstractmethods__ | BaseHeartbeat.__abstractmethods__},
)


class Queue(_Patient):  # type: ignore[misc]  # made of names
    """A database of Optuna's as a queue of the trials numbered below n; what it says goes to `say`."""

    def __init__(self, url: str, n: int, grace: int = GRACE, say: Say = lambda line: None, attempts: int = 3) -> None:
        """Raises Error where the database at `url` cannot be opened in so many attempts, a second apart."""
        self.n, self.grace, self.say = n, grace, say
        self.database = open_storage(url, grace, attempts)
        self.up = time.monotonic()  # since when the database has answered

    def wait(self, call: Callable[[], Any]) -> Any:
        """What call gives, as soon as the database answers."""
        for attempt in count():
            try:
                result = call()
            except (StorageInternalError, *_AWAY) as error:
                cause = error.__cause__ if isinstance(error, StorageInternalError) else error
                if not isinstance(cause, _AWAY):
                    raise
                if attempt == 1:  # a lock or a lost connection costs one attempt, and is no news
                    self.say(f"the storage does not answer ({_first_line(cause)}): waiting for it")
                time.sleep(1)
                continue
            if attempt:
                self.up = time.monotonic()
            if attempt > 1:
                self.say("the storage answers again")
            return result

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        if template_trial is None:
            raise _Taken
        return int(super().create_new_trial(study_id, template_trial))

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Any = None) -> bool:
        if state == TrialState.FAIL:  # stopped, or its worker died
            state = TrialState.WAITING
        if state == TrialState.RUNNING:
            if self.get_trial(trial_id).number >= self.n:
                return False
            self.record_heartbeat(trial_id)  # before it runs, so that none runs without
        try:
            return bool(super().set_trial_state_values(trial_id, state, values))
        except UpdateFinishedTrialError:  # by another worker; or by this one, and only the answer was lost
            return False

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        # Where the database was away, or this worker was, the others' heartbeats are old: they get time to beat again.
        if time.monotonic() - self.up < self.grace:
            return []
        return list(super()._get_stale_trial_ids(study_id))


def open_storage(url: str, grace: int = GRACE, attempts: int = 1) -> RDBStorage:
    """Optuna's storage at `url`. Raises Error where it cannot be opened in so many attempts, a second apart."""
    warnings.filterwarnings("ignore", category=ExperimentalWarning)  # Optuna's word for its heartbeat
    for attempt in range(1, attempts + 1):
        try:
            return RDBStorage(url, heartbeat_interval=max(1, grace // 4), grace_period=grace)
        except (ArgumentError, ImportError, ValueError) as error:  # ValueError: a port that is no number
            hint = "give --storage as sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
            raise Error(f"the storage cannot be opened ({_first_line(error)}): {hint}") from None
        except SQLAlchemyError as error:
            if attempt == attempts:
                where = make_url(url).render_as_string(hide_password=True)
                raise Error(
                    f"{where}: cannot be opened ({_first_line(error)}): start that database, or give another --storage"
                ) from None
            time.sleep(1)  # also because two that make the tables at once trip over each other
    raise AssertionError


def study(queue: Queue, name: str, attributes: dict[str, Any], sampler: BaseSampler | None = None) -> optuna.Study:
    """The study `name`, to be maximised, with at least queue.n trials.

    Raises Error where it was begun with other attributes, which say what its trials have in common.
    """
    # A median of few numbers: a trial reports some ten, so there is no ladder of budgets for Hyperband to climb.
    pruner = optuna.pruners.MedianPruner(n_startup_trials=10, n_warmup_steps=3)
    made = optuna.create_study(
        storage=queue, study_name=name, direction="maximize", sampler=sampler, pruner=pruner, load_if_exists=True
    )
    for key, value in attributes.items():
        if made.user_attrs.get(key, value) != value:
            raise Error(
                f"the study {name} was begun with another {key}: take the same, or another storage with --storage"
            )
        made.set_user_attr(key, value)
    # Two commands that are started at once may both make them all: what is above n waits, unused.
    for _ in range(queue.n - len(made.get_trials(deepcopy=False))):
        made.add_trial(create_trial(state=TrialState.WAITING))
    return made


def work(queue: Queue, study: optuna.Study, objective: Objective) -> None:
    """Run trials until all below queue.n are finished. Raises what objective raises; its trial then waits again."""
    parent = parent_process()
    while parent is None or parent.is_alive():  # else nobody would know of this worker
        states = [trial.state for trial in study.get_trials(deepcopy=False) if trial.number < queue.n]
        if all(state.is_finished() for state in states):
            break
        if TrialState.WAITING not in states:
            time.sleep(min(1, queue.grace / 4))
            fail_stale_trials(study)
            continue
        try:
            study.optimize(objective, n_trials=1, gc_after_trial=True)  # what training leaves is in cycles
        except _Taken:
            pass
        except ValueError as error:
            # While this worker was asleep for longer than the grace period, another took the trial over.
            if not str(error).startswith("Cannot tell a "):
                raise


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that were run to their end, or pruned, by number."""
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]


def _first_line(error: BaseException) -> str:
    return first_line(getattr(error, "orig", error), type(error).__name__)  # the driver's own words, where it is its
