"""The left of the status line: the runtime, memory in use, and what should be known of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.gui.announcing import announce
from app.gui.bridge import assert_main_thread
from app.gui.describing import tip
from app.gui.model_status import state_words
from app.gui.models.memory_words import memory_in_use_text, unloaded_text
from app.gui.wording import backend_text, demo_text

if TYPE_CHECKING:
    from app.gui.desk import Desk
    from app.gui.window_parts import WindowParts


class StatusLine(QObject):
    """Keeps these captions as the model and its memory are. Thread: main."""

    def __init__(self, desk: Desk, parts: WindowParts, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._parts = parts
        desk.model_changed.connect(self._show_model)
        desk.memory_changed.connect(self._show_memory)
        desk.models.changed.connect(self._show_memory)
        self._show_model()
        self._show_memory()

    def _show_model(self) -> None:
        assert_main_thread()
        model, parts, ready = self._desk.model, self._parts, self._desk.model.ready
        if ready is None:
            parts.runtime.setText(state_words(model))
        else:
            parts.runtime.setText(f"{backend_text(ready.backend)} · {ready.device}")
        parts.runtime.setToolTip("" if ready is None else tip(ready.backend_version))
        is_demo = model.checkpoint is not None and model.checkpoint.is_demo
        unloaded = unloaded_text(model.unloaded, self._desk.settings.unload_after_min)
        if unloaded and unloaded != parts.note.text():
            announce(parts.note, unloaded)
        parts.note.setText(unloaded or (demo_text() if is_demo else ""))
        parts.note.setToolTip(tip(parts.note.text()))

    def _show_memory(self) -> None:
        assert_main_thread()
        used = self._desk.memory_used
        if used is not None:
            self._parts.memory.setText(memory_in_use_text(used, self._desk.models.memory))
