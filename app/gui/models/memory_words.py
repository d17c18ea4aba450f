"""What is said of memory in use, and of a model that was let go of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.gui.wording import memory_text, number

if TYPE_CHECKING:
    from app.core.events import MemoryUsed
    from app.core.machine import MachineMemory
    from app.gui.model_status import Unloaded

_GB = 1 << 30
"""As systems count memory."""


def memory_in_use_text(used: MemoryUsed, machine: MachineMemory | None) -> str:
    """``Memory 3.4 of 16 GB``; on a GPU with memory of its own, that memory."""
    translate = QCoreApplication.translate
    is_own = machine is not None and machine.kind == "cuda"
    held_bytes = used.model_bytes if is_own else used.program_bytes
    if machine is None or not machine.total_bytes:
        return translate("MemoryWords", "Memory {0}").format(memory_text(held_bytes))
    words = translate("MemoryWords", "Memory {0} of {1} GB")
    if is_own:
        words = translate("MemoryWords", "GPU memory {0} of {1} GB")
    return words.format(number(held_bytes / _GB, 1), number(machine.total_bytes / _GB))


def unloaded_text(why: Unloaded, minutes: int | None) -> str:
    """Why no model is loaded, and that nothing needs to be done about it; empty where a load was only stopped."""
    translate = QCoreApplication.translate
    if why == "pressure":
        return translate("MemoryWords", "Unloaded because memory was short. The next question loads the model again.")
    if why == "idle" and minutes is not None:
        words = translate(
            "MemoryWords", "Unloaded after {0} minutes without a question. The next one loads the model again."
        )
        return words.format(number(minutes))
    if why:
        return translate("MemoryWords", "Unloaded. The next question loads the model again.")
    return ""
