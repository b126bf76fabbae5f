"""Trials that many workers share: none is lost, none counts twice, whoever is killed and whatever goes away."""

import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import objective
import optuna
import postgres
import pytest
from optuna.trial import TrialState

from inkgrad import trials, workers
from inkgrad.errors import Error

QUICK: dict[str, Any] = {"grace": 2}


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_kills_and_a_server_that_goes_away(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Four workers on PostgreSQL, of which two are killed amid a trial; the server is cut off and started again."""
    n, slow = 12, objective.Slow(tmp_path / "log", stuck=(0, 1))
    with postgres.server() as server:
        # Two commands that meet an empty database at once.
        with ThreadPoolExecutor() as both:
            for made in [both.submit(lambda: trials.study(trials.Queue(server.url, n), "net", {})) for _ in range(2)]:
                made.result()
        command = threading.Thread(target=workers.run, args=(server.url, "net", n, 4, slow, {"seeds": 3}), kwargs=QUICK)
        command.start()
        until(lambda: len({pid for _, pid, _ in slow.calls()}) == 4)
        killed = {number: pid for number, pid, _ in slow.calls() if number in slow.stuck}
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)
        server.stop()
        time.sleep(3)  # longer than the grace period: nobody's heartbeat is fresh
        server.start()
        command.join()
        # Optuna's own reading, as its dashboard's.
        study = optuna.load_study(study_name="net", storage=server.url)
        assert study.user_attrs == {"seeds": 3}
        run, surplus = study.trials[:n], study.trials[n:]
    assert [(trial.number, trial.state) for trial in run] == [(i, TrialState.COMPLETE) for i in range(n)]
    assert {trial.state for trial in surplus} <= {TrialState.WAITING}
    # The two trials again, by others, with their parameters; no other twice, though all were cut off.
    assert Counter(number for number, _, _ in slow.calls()) == Counter([*range(n), *slow.stuck])
    for number, pid, x in slow.calls():
        assert run[number].value == x
        assert killed.get(number) != pid or (number, pid, x) in slow.calls()[:4]
    said = capfd.readouterr().err
    assert said.count("a worker was killed (SIGKILL): its trial will be run again\n") == 2
    assert said.count("the storage does not answer") == 1 and said.count("the storage answers again\n") == 1
    assert "Traceback" not in said and "Warning" not in said


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")  # of ask alone: that it stays away is the point
def test_what_a_dead_worker_left_is_taken_over(tmp_path: Path) -> None:
    """SQLite; the only worker dies amid a trial, as the storage sees it: the next one that comes runs it, unchanged."""
    url, slow = f"sqlite:///{tmp_path}/sweep.db", objective.Slow(tmp_path / "log", ())
    dead = trials.study(trials.Queue(url, 3, 2), "net", {}).ask()
    x = dead.suggest_float("x", 0, 1)
    queue = trials.Queue(url, 3, 2)
    trials.work(queue, trials.study(queue, "net", {}), slow)
    study = optuna.load_study(study_name="net", storage=url)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 3
    found = {number: value for number, _, value in slow.calls()}
    assert sorted(found) == [0, 1, 2] and len(slow.calls()) == 3 and found[0] == x  # in what order, the clock decides


def test_more_trials_and_fewer(tmp_path: Path) -> None:
    """n is of the study, whoever ran them: what is there already counts, and no more than n are run."""
    url, slow = f"sqlite:///{tmp_path}/sweep.db", objective.Slow(tmp_path / "log", ())
    for n, run in (2, 2), (2, 2), (3, 3), (1, 3):
        queue = trials.Queue(url, n)
        trials.work(queue, trials.study(queue, "net", {}), slow)
        assert len(slow.calls()) == run
    trials.study(trials.Queue(url, 9), "net", {})
    queue = trials.Queue(url, 3)
    assert queue.set_trial_state_values(queue.get_all_trials(1)[3]._trial_id, TrialState.RUNNING) is False


def test_a_worker_that_slept_while_another_took_over(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sweep.db"
    queue = trials.Queue(url, 1)
    study = trials.study(queue, "net", {})

    def slept(trial: optuna.Trial) -> float:
        if not overtaken:
            overtaken.append(trial.number)
            trials.Queue(url, 1).set_trial_state_values(trial._trial_id, TrialState.COMPLETE, [0.5])
        return 0.25

    overtaken: list[int] = []
    trials.work(queue, study, slept)
    assert [trial.value for trial in study.trials] == [0.5]


def test_a_study_keeps_what_its_trials_have_in_common(tmp_path: Path) -> None:
    queue = trials.Queue(f"sqlite:///{tmp_path}/sweep.db", 2)
    trials.study(queue, "net", {"recipe": "a"})
    with pytest.raises(Error, match="the study net was begun with another recipe"):
        trials.study(queue, "net", {"recipe": "b"})


def test_ctrl_c_hands_the_trials_back(tmp_path: Path) -> None:
    """A command stopped amid a trial says nothing but its own word, and the trial waits at once."""
    url, slow = f"sqlite:///{tmp_path}/sweep.db", objective.Slow(tmp_path / "log", stuck=(0,))
    code = f"""if True:
        import signal, sys, objective, pathlib
        from inkgrad import workers
        signal.signal(signal.SIGINT, signal.default_int_handler)  # else, of a job in the background, it is ignored
        try:
            workers.run({url!r}, "net", 2, 1, objective.Slow(pathlib.Path({str(slow.log)!r}), (0,)), {{}})
        except KeyboardInterrupt:
            sys.exit("stopped")
    """
    path = os.pathsep.join([str(Path(trials.__file__).parents[1]), str(Path(__file__).parent), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path}
    # As from a terminal: what the command starts gets the Ctrl-C too.
    command = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until(slow.calls)
    os.killpg(command.pid, signal.SIGINT)
    _, said = command.communicate(timeout=60)
    assert command.returncode == 1 and "stopped" in said and "Traceback" not in said
    study = optuna.load_study(study_name="net", storage=url)
    assert [trial.state for trial in study.trials] == [TrialState.WAITING] * 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_amid_the_callback_of_a_weak_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python ignores what it raises, and would say so."""

    class Thing:
        pass

    def looked(study: optuna.Study, n: int) -> tuple[int, str]:
        thing, after = Thing(), standing(study, n)
        reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT) if slow.calls() else None)
        del thing
        assert reference() is None
        return after

    standing, slow = workers.standing, objective.Slow(tmp_path / "log", stuck=(0,))
    monkeypatch.setattr(workers, "standing", looked)
    said: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    try:
        with pytest.raises(KeyboardInterrupt):
            workers.run(f"sqlite:///{tmp_path}/sweep.db", "net", 2, 1, slow, {}, **QUICK)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not said


def test_what_a_worker_cannot_do_is_the_command_s_error(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sweep.db"
    with pytest.raises(Error, match="the data are not there"):
        workers.run(url, "net", 2, 1, objective.broken, {}, **QUICK)
    # Nothing failed for good: what stopped the worker may be put right.
    assert {trial.state for trial in optuna.load_study(study_name="net", storage=url).trials} == {TrialState.WAITING}


@pytest.mark.parametrize(
    "url", ["no address", "oracle://x/y", "postgresql://x:port/y", "sqlite:////no/such/folder/x.db"]
)
def test_a_storage_that_cannot_be_opened(url: str) -> None:
    with pytest.raises(Error, match="cannot be opened"):
        trials.Queue(url, 1, attempts=1)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(Error) as refused:
        trials.Queue("postgresql://me:secret@127.0.0.1:1/x", 1, attempts=1)
    assert "secret" not in str(refused.value)
