"""Makes ready, beside the main thread, what the first question needs: nothing stands still when it comes."""

from __future__ import annotations

import importlib
import logging
import threading

from app.gui.answers.code_colours import prepare

logger = logging.getLogger(__name__)

MODULES = (
    "app.gui.answers.turn_writer",
    "app.gui.answers.answer_speech",
    "app.gui.answers.answer_reader",
    "app.gui.answers.answer_syntax",
    "app.gui.answers.markdown_copy",
    "app.gui.command_list",
    "app.gui.settings.settings_panel",
    "app.gui.models.models_sheet",
)


class EarlyImports:
    """One thread that ends by itself. Thread: main, for every method."""

    def __init__(self) -> None:
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins; once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._import_all, name="early-imports", daemon=True)
            self._thread.start()

    def close(self, timeout_s: float) -> bool:
        """Imports no further module; tells whether the thread ended in time."""
        self._is_over.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._thread is None or not self._thread.is_alive()

    def _import_all(self) -> None:
        try:
            for name in MODULES:
                if not self._is_over.is_set():
                    importlib.import_module(name)
            if not self._is_over.is_set():
                prepare()
        except Exception:  # thread boundary: whoever needs the module meets the fault again and says it
            logger.exception("A module could not be imported early")
