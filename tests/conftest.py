"""Guards and fixtures for every test: no network, no stray thread, no unexpected log line, a throw-away profile."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings as hypothesis_settings

from app.core.paths import Profile, profile_at
from tests.e2e import chosen_program
from tests.loopback import is_own_server
from tests.model_thread import OnModelThread, model_thread
from tests.random_checkpoint import Widths, write_random_checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hub_server import HubServer

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"  # never the tester's own keychain
for _name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT"):
    os.environ.pop(_name, None)
os.environ.setdefault("OMP_NUM_THREADS", "1")  # PyTorch's threads only wait for one another over tiny models

hypothesis_settings.register_profile("viewfinder", deadline=None, derandomize=True, database=None)
hypothesis_settings.load_profile("viewfinder")

ARTEFACTS_DIR = Path(__file__).parent / "artefacts"
_THREAD_END_S = 3.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--program",
        type=Path,
        help="a frozen program: tests/e2e starts it in the place of “python -m app”, and tests/frozen runs",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.option.program is not None:
        try:
            chosen_program.choose(config.option.program)
        except FileNotFoundError as error:
            raise pytest.UsageError(str(error)) from error


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if chosen_program.frozen_program() is None:
        return
    for item in items:
        marker = item.get_closest_marker("source_only")
        if marker is not None:
            item.add_marker(pytest.mark.skip(reason=f"source only: {marker.args[0]}"))


class NetworkUseError(BaseException):
    """A test reached for the network; not an Exception, so that code under test does not swallow it."""


class _LogCollector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    really_look_up = socket.getaddrinfo

    def look_up(host: Any, port: Any = None, *rest: Any, **more: Any) -> Any:
        if is_own_server(host, port):
            return really_look_up(host, port, *rest, **more)
        message = f"a test looked up the address of {host!r}"
        raise NetworkUseError(message)

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def call(sock: socket.socket, address: Any) -> Any:
            if sock.family != socket.AF_UNIX and not is_own_server(*address[:2]):
                message = f"a test tried to connect to {address!r}"
                raise NetworkUseError(message)
            return real(sock, address)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded("connect"))
        patch.setattr(socket.socket, "connect_ex", guarded("connect_ex"))
        patch.setattr(socket, "getaddrinfo", look_up)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing a test starts finds the tester's own settings, logs or downloaded models."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HF_HOME"):
            patch.setenv(name, str(home))
        yield


@pytest.fixture(autouse=True)
def _hubs_own_place() -> Iterator[None]:
    """No test finds the place for models that another one chose."""
    yield
    from app.core.models.hub_cache import keep_models_in

    keep_models_in(None)


@pytest.fixture(autouse=True)
def _no_thread_left_alive() -> Iterator[None]:
    """Each thread that a test started has ended; threads of fixtures with a wider scope were there before."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + _THREAD_END_S
    for thread in set(threading.enumerate()) - before:
        thread.join(max(0.0, deadline - time.monotonic()))
    left = [thread.name for thread in set(threading.enumerate()) - before]
    if left:
        pytest.fail(f"threads left alive: {', '.join(left)}")


@pytest.fixture(autouse=True)
def _no_unexpected_log(request: pytest.FixtureRequest) -> Iterator[None]:
    collector = _LogCollector()
    root = logging.getLogger()
    root.addHandler(collector)
    yield
    root.removeHandler(collector)
    if collector.lines and request.node.get_closest_marker("allows_log") is None:
        pytest.fail("unexpected log lines (mark the test allows_log to expect them):\n" + "\n".join(collector.lines))


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """A throw-away profile."""
    return profile_at(tmp_path / "profile")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    """A server on loopback that speaks the Hub's routes, with huggingface_hub set to it and an empty cache."""
    from tests.hub_server import hub_running

    with hub_running(tmp_path / "hub-cache") as server:
        yield server


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where a test leaves pictures for people to look at: tests/artefacts, not kept in git."""
    ARTEFACTS_DIR.mkdir(exist_ok=True)
    return ARTEFACTS_DIR


@pytest.fixture(scope="session")
def on_model_thread() -> Iterator[OnModelThread]:
    """Runs work that uses a runtime; never use MLX on the main thread."""
    with model_thread() as run:
        yield run


@pytest.fixture
def demo_lora() -> Path:
    """A LoRA by which the demo model describes pictures in another wording: “I see a red circle!”."""
    return Path(__file__).with_name("demo_lora")


@pytest.fixture(scope="session")
def random_checkpoint_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Qwen3-VL with random float32 weights."""
    return write_random_checkpoint(tmp_path_factory.mktemp("random-checkpoint"), Widths(dtype="float32"))
