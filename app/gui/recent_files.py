"""What was used last, kept in the profile, and the menu of files and folders to open again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.core.files import shown_name
from app.core.recent import Recent, read_recent, write_recent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QMenu

_SAVE_AFTER_MS = 400
_WIDEST_EM = 24
"""How wide a name may be in the menu, in heights of a line."""


class RecentUse(QObject):
    """Read when it is first needed, written shortly after a change. Thread: main."""

    paths_changed = Signal()

    def __init__(self, file: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._file = file
        self._known: Recent | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAVE_AFTER_MS)
        self._timer.timeout.connect(self._on_timer_timeout)

    @property
    def _recent(self) -> Recent:
        if self._known is None:
            self._known = read_recent(self._file)
        return self._known

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files and folders, the newest first."""
        return self._recent.paths

    @property
    def commands(self) -> tuple[str, ...]:
        """Ids of commands, the newest first."""
        return self._recent.commands

    def add_paths(self, paths: Iterable[Path]) -> None:
        """Notes what was opened."""
        self._known = self._recent.with_paths(path.absolute() for path in paths)
        self._timer.start()
        self.paths_changed.emit()

    def add_command(self, command_id: str) -> None:
        """Notes what was chosen."""
        self._known = self._recent.with_command(command_id)
        self._timer.start()

    def clear_paths(self) -> None:
        """Forgets all files and folders, at once and on disk too."""
        self._known = self._recent.without_paths()
        self.close(is_needed=True)
        self.paths_changed.emit()

    def close(self, *, is_needed: bool = False) -> None:
        """Writes what is not written yet."""
        if self._timer.isActive() or is_needed:
            self._timer.stop()
            write_recent(self._file, self._recent)

    def _on_timer_timeout(self) -> None:
        write_recent(self._file, self._recent)


class RecentMenu(QObject):
    """Fills the menu “Open Recent” when it is about to be seen.

    Args:
        menu: The menu; what is in it now stays at its end.
        recent: What was used last.
    """

    path_chosen = Signal(object)
    """Carries a Path."""

    def __init__(self, menu: QMenu, recent: RecentUse) -> None:
        super().__init__(menu)
        self._menu = menu
        self._recent = recent
        self._kept = [action for action in menu.actions() if not action.isSeparator()]
        self._end = menu.insertSeparator(menu.actions()[0])
        self._rows: list[QAction] = []
        menu.aboutToShow.connect(self._on_menu_about_to_show)
        menu.triggered.connect(self._on_menu_triggered)

    def _on_menu_about_to_show(self) -> None:
        for row in self._rows:
            self._menu.removeAction(row)
            row.deleteLater()
        self._rows = []
        for row in self._kept:
            row.setEnabled(bool(self._recent.paths))
        names = [path.name for path in self._recent.paths]
        metrics = self._menu.fontMetrics()
        widest_px = _WIDEST_EM * metrics.height()
        for path in self._recent.paths:
            is_twice = names.count(path.name) > 1
            words = f"{path.name} — {path.parent.name}" if is_twice else path.name or str(path)
            words = metrics.elidedText(shown_name(words), Qt.TextElideMode.ElideMiddle, widest_px)
            row = self._menu.addAction(words.replace("&", "&&"))
            self._menu.removeAction(row)
            self._menu.insertAction(self._end, row)
            row.setData(str(path))
            row.setStatusTip(str(path))
            self._rows.append(row)

    def _on_menu_triggered(self, action: QAction) -> None:
        if action in self._rows:
            self.path_chosen.emit(Path(str(action.data())))
