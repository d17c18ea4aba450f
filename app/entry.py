"""Puts the program together: arguments, crash reports, logs, settings, the backend, then a window or a command.

Nothing slow is imported here before it is known to be needed: no Qt for a command, no model runtime for anybody but the
model thread.
"""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import __version__
from app.cli.arguments import DoctorOptions, SelftestOptions, WindowOptions, read_arguments
from app.cli.model_arguments import ModelsOptions
from app.cli.terminal import flush_output, leave_lost_folder, open_closed_streams, output_fault
from app.cli.usage import DONE, FAILED, INTERRUPTED, USAGE, Common
from app.core.bundled import is_bundled, own_arguments, restore_environment, speak_utf8
from app.core.errors import UserError
from app.core.logs import Logs, log_uncaught_errors
from app.core.paths import default_profile, profile_at
from app.core.startup import StartupTrace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from app.core.backend import Backend
    from app.core.launch import AnswerEngine, DownloadSink, EventSink, Launch, ModelDownloads
    from app.core.paths import Profile
    from app.core.report import ReportParts
    from app.core.settings import Settings
    from app.core.trials import Found

logger = logging.getLogger(__name__)

_SIGNAL_THREAD = "signals"
_RESTING_THREADS = ("MainThread", _SIGNAL_THREAD)
_DISPLAY_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program with these arguments, by default the process's own.

    Returns:
        The exit code; see app.cli.usage.
    """
    first_line_s = time.monotonic()
    if os.environ.get("HF_ENDPOINT"):
        from app.core.models.access import set_bad_endpoint_aside  # noqa: PLC0415 - only where there is one

        set_bad_endpoint_aside()
    # Read by the Hub's library when it is imported; with it on, that asks the Hub of its own accord who is asking.
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    restore_environment()
    speak_utf8()
    gc.disable()  # a start makes much and throws little away; each way on switches it on again
    open_closed_streams()
    leave_lost_folder()
    with suppress(AttributeError, OSError, ValueError):  # a stderr that is not a file
        faulthandler.enable()
    try:
        return _run(own_arguments(sys.argv[1:]) if argv is None else argv, first_line_s)
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as end:  # after --help, --version or a usage error
        return _flushed(end.code if isinstance(end.code, int) else DONE)


def _flushed(code: int) -> int:
    fault = flush_output()
    if fault is None:
        return code
    _say(str(output_fault(fault)))
    return code or FAILED


def _run(arguments: Sequence[str], first_line_s: float) -> int:
    options = read_arguments(arguments)
    common = options.common
    if isinstance(options, SelftestOptions):  # needs neither a home nor a log
        return _self_test(options)
    try:
        profile = default_profile() if common.profile_dir is None else profile_at(common.profile_dir)
    except UserError as error:
        _say(str(error))
        return USAGE
    trace = StartupTrace(common.startup_trace, first_line_s)
    logs = Logs(profile.log_file, is_debug=common.is_debug)
    logger.info("Viewfinder %s, Python %s, %s", __version__, sys.version.split()[0], sys.platform)

    def say_error(text: str) -> None:
        logs.write_file()
        _say(f"{text} The log has the details: {profile.log_file}")

    log_uncaught_errors(say_error)
    if isinstance(options, WindowOptions):
        return _end_window(_open_window(options, _Parts(profile, trace, logs)), logs)
    gc.enable()
    logs.write_file()
    if isinstance(options, DoctorOptions):
        from app.cli.doctor import run_doctor  # noqa: PLC0415 - only for this command

        code = run_doctor(options, profile)
    elif isinstance(options, ModelsOptions):
        from app.cli.models import run_models  # noqa: PLC0415 - only for this command
        from app.core.settings import read_settings  # noqa: PLC0415

        code = run_models(options, read_settings(profile.settings_file), profile)
    else:
        from app.cli.ask import run_ask  # noqa: PLC0415 - only for this command
        from app.core.settings import read_settings  # noqa: PLC0415

        trace.reached("imports_done")
        code = run_ask(options, read_settings(profile.settings_file), trace, profile.last_uses_file)
    logs.stop()
    return code


def _end_window(code: int, logs: Logs) -> int:
    """Ends what the window's process has left, everything being saved."""
    logs.write_file()
    busy = _busy_threads()
    if busy:
        logger.info("The program ends under the threads: %s", ", ".join(busy))
    logs.stop()
    return _ended_under(busy, code)


def _busy_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name not in _RESTING_THREADS]


def _ended_under(busy: Sequence[str], code: int) -> int:
    """Ends the process at once where threads are still at work, such as importing a runtime.

    The interpreter is not taken down under them: that waits for the thread, or crashes under it.
    """
    if busy:
        flush_output()
        os._exit(code)
    return code


def _self_test(options: SelftestOptions) -> int:
    gc.enable()
    from app.cli.selftest import run_selftest  # noqa: PLC0415 - only for this command

    return _ended_under(_busy_threads(), run_selftest(options, _window_trials))


def _window_trials(folder: Path) -> Mapping[str, Callable[[], Found]]:
    """What the self-test tries of Qt, all state in a folder."""
    from app.gui.trial_window import try_languages, try_window  # noqa: PLC0415 - Qt, only in the process that tries it

    profile = profile_at(folder)
    options = WindowOptions(Common(), model="demo", backend="fake")
    parts = _Parts(profile, StartupTrace(None, time.monotonic()), Logs(profile.log_file))
    return {
        "window": lambda: try_window(profile.window_file, lambda: _launch(options, parts)),
        "languages": try_languages,
    }


@dataclass(frozen=True, slots=True)
class _Parts:
    profile: Profile
    trace: StartupTrace
    logs: Logs


def _open_window(options: WindowOptions, parts: _Parts) -> int:
    if sys.platform == "linux" and not any(os.environ.get(name) for name in _DISPLAY_VARIABLES):
        return _say_no_window("There is no display here, so no window can open.")
    _end_at_once_on_ctrl_c()
    try:
        from app.gui.shell import run_window  # noqa: PLC0415 - Qt, only for the window
    except ImportError as error:
        return _say_no_window(f"The window cannot open: {error}.")
    parts.trace.reached("imports_done")

    def make_launch() -> Launch:
        launch = _launch(options, parts)
        _send_crash_reports_to_log(parts.profile)
        _close_windows_on_signals()
        return launch

    return run_window(
        parts.profile.window_file,
        make_launch,
        parts.trace.reached,
        lambda why: _say_no_window("No display answers, so no window can open.", why),
    )


def _launch(options: WindowOptions, parts: _Parts) -> Launch:
    """What the window's content needs; nothing of it is imported before the window's frame is on screen."""
    from app.core.checkpoint import model_id_of  # noqa: PLC0415
    from app.core.launch import Launch  # noqa: PLC0415
    from app.core.models.last_uses import noting_uses  # noqa: PLC0415
    from app.core.models.store import LocalModels  # noqa: PLC0415
    from app.core.settings import Given, read_settings, write_settings  # noqa: PLC0415
    from app.core.startup import noting  # noqa: PLC0415

    parts.logs.write_file()
    stored = read_settings(parts.profile.settings_file)
    model = model_id_of(options.model) if options.model else None
    given = Given(model, options.backend, options.weight_bits, options.context_tokens, options.adapter)
    settings = given.over(stored)
    uses_file = parts.profile.last_uses_file

    def make_engine(sink: EventSink) -> AnswerEngine:
        from app.engine.engine import Engine  # noqa: PLC0415 - only once the window's content is on screen

        return Engine(
            lambda: _make_backend(settings.backend), noting_uses(uses_file, noting(parts.trace.reached, sink))
        )

    def save_settings(changed: Settings) -> None:
        write_settings(parts.profile.settings_file, given.kept(changed, stored))

    def make_downloads(sink: DownloadSink, now: Callable[[], Settings]) -> ModelDownloads:
        from app.core.models.access import hub_access  # noqa: PLC0415 - slow, and on a thread of the window's
        from app.engine.downloads import Downloads  # noqa: PLC0415

        return Downloads(lambda: hub_access(now()), sink, parts.profile.downloads_file)

    return Launch(
        make_engine=make_engine,
        profile=parts.profile,
        settings=settings,
        save_settings=save_settings,
        files=options.files,
        question=options.prompt,
        milestone=parts.trace.reached,
        report=lambda: _report(parts),
        models=LocalModels(parts.profile, settings.backend),
        make_downloads=make_downloads,
    )


def _make_backend(name: str) -> Backend:
    """The chosen backend, or one that says at each load why none can be had: the window opens all the same."""
    from app.backends.missing_backend import MissingBackend  # noqa: PLC0415 - only for the window
    from app.backends.table import choose_backend  # noqa: PLC0415
    from app.core.errors import ModelError  # noqa: PLC0415

    try:
        return choose_backend(name).make()
    except ModelError as error:
        return MissingBackend(error)


def _report(parts: _Parts) -> ReportParts:
    from app.cli.doctor import examine, findings_text  # noqa: PLC0415 - only when asked for
    from app.core.report import LogLine, ReportParts  # noqa: PLC0415

    log = tuple(LogLine(*entry) for entry in parts.logs.recent_entries())
    return ReportParts(findings_text(examine(parts.profile)), log)


def _say(text: str) -> None:
    with suppress(AttributeError, OSError):  # an ending interpreter has no stderr any more
        sys.stderr.write(f"viewfinder: {text}\n")


def _say_no_window(text: str, detail: str = "") -> int:
    hint = "" if is_bundled() else "; “python3 packaging/run.py” sets a window up"
    lines = "".join(f"\n  {line}" for line in detail.splitlines())
    _say(f"{text} “viewfinder ask FILE... -p TEXT” works without one{hint}.{lines}")
    return FAILED


def _send_crash_reports_to_log(profile: Profile) -> None:
    """A crash of the window's process leaves its trace in the log folder, unless a terminal shows it."""
    if sys.stderr.isatty():
        return
    from app.core.log_file import open_crash_log  # noqa: PLC0415 - slow to import, and by now it was

    with suppress(OSError):
        faulthandler.enable(open_crash_log(profile.crash_file))


def _end_at_once_on_ctrl_c() -> None:
    """Makes Ctrl-C end the process until there is a window to close: an exception inside Qt's import would crash it."""
    import signal  # noqa: PLC0415 - only for the window

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _close_windows_on_signals() -> None:
    """Makes the first Ctrl-C or SIGTERM close the windows, as a person would, and the second end the process.

    Python runs a signal handler only between two of its own steps, which may be long in coming inside Qt's event loop;
    the wake-up socket is written at once, and a thread that sleeps on it asks Qt to close.
    """
    import signal  # noqa: PLC0415 - only for the window
    import socket  # noqa: PLC0415

    from PySide6.QtCore import QMetaObject, Qt  # noqa: PLC0415
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    reader, writer = socket.socketpair()
    writer.setblocking(False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)

    def wait() -> None:
        keep = writer  # a socket that nobody holds is closed
        reader.recv(1)
        application = QApplication.instance()
        if application is None:
            os._exit(INTERRUPTED)
        QMetaObject.invokeMethod(application, "closeAllWindows", Qt.ConnectionType.QueuedConnection)
        reader.recv(1)
        keep.close()
        os._exit(INTERRUPTED)

    threading.Thread(target=wait, name=_SIGNAL_THREAD, daemon=True).start()
