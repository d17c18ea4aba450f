from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.cli import model_download
from app.cli.arguments import read_arguments
from app.cli.ask import run_ask
from app.cli.model_arguments import ModelsOptions
from app.cli.models import run_models
from app.core.paths import Profile
from app.core.settings import Settings
from app.core.startup import StartupTrace
from app.core.wakefulness import held_awake
from tests.hub_server import HubServer
from tests.macos_played import Activities, play_macos
from tests.served_model import access_to
from tests.sharded_demo import sharded_demo

ID = "house/demo"


@pytest.fixture
def activities(monkeypatch: pytest.MonkeyPatch) -> Activities:
    return play_macos(monkeypatch)


def test_work_within_work_is_one_activity(activities: Activities) -> None:
    with held_awake("Downloading"):
        with held_awake("Answering"):
            assert activities.running == 1
        assert activities.running == 1
    assert (activities.running, activities.reasons, activities.faults) == (0, ["Downloading"], [])


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_it_ends_whatever_ends_the_work(activities: Activities, fault: type[BaseException]) -> None:
    with pytest.raises(fault), held_awake("Answering"):
        raise fault
    assert (activities.running, activities.faults) == (0, [])


def test_the_last_of_many_threads_ends_it(activities: Activities) -> None:
    all_in, may_end = threading.Barrier(9), threading.Event()

    def work() -> None:
        with held_awake("Working"):
            all_in.wait(10)
            may_end.wait(10)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    all_in.wait(10)
    assert (activities.running, activities.reasons) == (1, ["Working"])
    with held_awake("More"):
        may_end.set()
        for thread in threads:
            thread.join(10)
        assert activities.running == 1, "one is still at work"
    assert (activities.running, activities.reasons, activities.faults) == (0, ["Working"], [])


def test_work_goes_on_where_the_system_refuses(activities: Activities) -> None:
    activities.fails = True
    with held_awake("Answering"):
        pass
    activities.fails = False
    with held_awake("Answering again"):
        assert activities.running == 1
    assert (activities.running, activities.reasons) == (0, ["Answering again"])


def test_ask_holds_sleep_off(activities: Activities, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = ["ask", "-p", "Hello?", "--model", "demo", "--backend", "fake"]
    options = read_arguments(line)
    assert run_ask(options, Settings(), StartupTrace(None, 0.0), tmp_path / "uses.json") == 0  # type: ignore[arg-type]
    assert capfd.readouterr().out
    assert activities.reasons[:1] == ["Loading a model"]
    assert activities.reasons[-1] == "Answering a question"
    assert (activities.running, activities.faults) == (0, [])


@pytest.mark.parametrize("is_there", [True, False])
def test_a_download_on_the_command_line_holds_sleep_off(
    activities: Activities, hub: HubServer, profile: Profile, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    hub.add(ID, sharded_demo())
    monkeypatch.setattr(model_download, "hub_access", lambda _: access_to(hub))
    if not is_there:
        monkeypatch.setattr(model_download, "fetch", broken)
    options = read_arguments(["models", "download", ID])
    assert isinstance(options, ModelsOptions)
    if is_there:
        assert run_models(options, Settings(), profile) == 0
    else:
        with pytest.raises(ZeroDivisionError):
            run_models(options, Settings(), profile)
    assert (activities.running, activities.reasons, activities.faults) == (0, ["Downloading a model"], [])


def test_comparing_gigabytes_on_the_command_line_holds_sleep_off(
    activities: Activities, profile: Profile, capfd: pytest.CaptureFixture[str]
) -> None:
    options = read_arguments(["models", "check", "demo", "--hashes"])
    assert isinstance(options, ModelsOptions)
    assert run_models(options, Settings(), profile) == 0
    assert capfd.readouterr().out
    assert (activities.running, activities.reasons, activities.faults) == (0, ["Comparing a model's files"], [])


def broken(*_: object, **__: object) -> object:
    raise ZeroDivisionError


def test_elsewhere_nothing_is_loaded_for_it() -> None:
    if sys.platform == "darwin":
        pytest.skip("this is where it is loaded")
    program = (
        "import sys\nfrom app.core.wakefulness import held_awake\nwith held_awake('Working'): pass\n"
        "assert not {'appnope', 'ctypes'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
