"""What is done with the pictures in the tray: reordered, removed, taken back, found on disk, photographed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from app.core.errors import ErrorText
from app.gui.announcing import tell
from app.gui.bridge import assert_main_thread
from app.gui.tray.offered import Offered
from app.gui.wording import number, paragraph, redo_text, undo_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.gui.actions import Actions
    from app.gui.desk import Desk
    from app.gui.shell import MainWindow
    from app.gui.tray.screenshot import Screenshot
    from app.gui.window_parts import WindowParts


class MediaCommands(QObject):
    """The tray's part of the commands. Thread: main."""

    def __init__(self, window: MainWindow, desk: Desk, parts: WindowParts) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._parts = parts
        self._actions: Actions | None = None
        self._screenshot: Screenshot | None = None
        self.can_take_screenshot = False
        tray, pictures = parts.tray, desk.pictures
        tray.selection_changed.connect(pictures.select)
        tray.in_sight_changed.connect(pictures.note_in_sight)
        tray.removal_wanted.connect(self.on_remove_picture)
        tray.move_wanted.connect(self._on_tray_move_wanted)
        tray.menu_wanted.connect(self._on_tray_menu_wanted)
        pictures.changed.connect(self._on_pictures_changed)
        pictures.arrived.connect(self._on_pictures_arrived)
        pictures.refused.connect(parts.media_notice.show_errors)

    def slots(self) -> dict[str, Callable[..., None]]:
        """The method of each action id."""
        return {
            "screenshotAction": self.on_screenshot,
            "removePictureAction": self.on_remove_picture,
            "removeAllPicturesAction": self.on_remove_all_pictures,
            "movePictureUpAction": self.on_move_picture_up,
            "movePictureDownAction": self.on_move_picture_down,
            "showPictureFileAction": self.on_show_picture_file,
            "copyPicturePathAction": self.on_copy_picture_path,
        }

    def take_actions(self, actions: Actions) -> None:
        """Takes the actions that stand in the tray's menu too."""
        self._actions = actions
        actions["screenshotAction"].setVisible(False)

    def start(self) -> None:
        """Finds out what the system offers: once the window is on screen."""
        from app.gui.tray.screenshot import is_offered  # noqa: PLC0415 - not before the window is shown

        self.can_take_screenshot = is_offered()
        if self._actions is not None:
            self._actions["screenshotAction"].setVisible(self.can_take_screenshot)

    def close(self) -> None:
        """Ends a picture of the screen that is being taken."""
        if self._screenshot is not None:
            self._screenshot.close()

    # Removing and reordering, and taking both back

    def on_remove_picture(self) -> None:
        """Takes the selected pictures out of the tray."""
        selected = self._parts.tray.selected_ids
        if not selected:
            return
        self._desk.pictures.remove(selected)
        self._say(self.tr("Removed. Undo brings it back."))

    def on_remove_all_pictures(self) -> None:
        """Empties the tray."""
        self._desk.pictures.remove([medium.medium_id for medium in self._desk.pictures.media])
        self._say(self.tr("All removed. Undo brings them back."))

    def on_move_picture_up(self) -> None:
        """Puts the selected pictures before the one above them."""
        self._move_selected(-1)

    def on_move_picture_down(self) -> None:
        """Puts the selected pictures behind the one below them."""
        self._move_selected(1)

    def _move_selected(self, by: int) -> None:
        selected = self._parts.tray.selected_ids
        order = [medium.medium_id for medium in self._desk.pictures.media]
        places = [order.index(medium_id) for medium_id in selected if medium_id in order]
        if places:
            place = max(0, places[0] - 1) if by < 0 else min(len(order), places[-1] + 2)
            self._move(selected, place)

    def _move(self, medium_ids: tuple[str, ...], place: int) -> None:
        self._desk.pictures.move(medium_ids, place)
        self._parts.tray.show_question(self._desk.next_question())
        self._parts.tray.show_current()

    def _on_tray_move_wanted(self, medium_ids: tuple[str, ...], place: int) -> None:
        assert_main_thread()
        self._move(medium_ids, place)

    @property
    def can_undo(self) -> bool:
        """Whether something that was done to the pictures can be taken back."""
        return self._desk.pictures.last_step is not None

    @property
    def can_redo(self) -> bool:
        """Whether something that was taken back can be done again."""
        return self._desk.pictures.next_step is not None

    @property
    def undo_text(self) -> str:
        """Such as ``Undo Remove Item``."""
        step = self._desk.pictures.last_step
        return undo_text(step) if step is not None else self.tr("&Undo")

    @property
    def redo_text(self) -> str:
        """Such as ``Redo Remove Item``."""
        step = self._desk.pictures.next_step
        return redo_text(step) if step is not None else self.tr("Re&do")

    def undo(self) -> None:
        """Takes the last thing that was done to the pictures back."""
        self._show_step(self._desk.pictures.undo())

    def redo(self) -> None:
        """Does what was taken back once more."""
        self._show_step(self._desk.pictures.redo())

    def _show_step(self, medium_ids: tuple[str, ...]) -> None:
        self._parts.tray.show_question(self._desk.next_question())
        self._parts.tray.select_added(medium_ids)

    # The file behind a picture

    @property
    def selected_files(self) -> tuple[Path, ...]:
        """The files of the selected pictures; a pasted picture has none."""
        media = (self._desk.pictures.get(medium_id) for medium_id in self._parts.tray.selected_ids)
        return tuple(medium.source.path for medium in media if medium is not None and medium.source.path is not None)

    def copy_selected(self) -> None:
        """Copies the selected pictures as a file manager would: the files, or the picture that has none."""
        if self._parts.tray.selected_ids:
            QGuiApplication.clipboard().setMimeData(self._parts.tray.selected_files_or_picture())
            self._say(self.tr("Copied."))

    def on_show_picture_file(self) -> None:
        """Shows the selected files where they lie."""
        if self.selected_files:
            from app.gui.tray.file_showing import show_files  # noqa: PLC0415 - only when it is asked for

            if not show_files(self.selected_files):
                words = QCoreApplication.translate("ProgramSettings", "The folder {0} cannot be shown here.")
                error = ErrorText(words.format(self.selected_files[0].parent), kind="input")
                self._parts.media_notice.show_error(error)

    def on_copy_picture_path(self) -> None:
        """Copies where the selected files lie, one a line."""
        if self.selected_files:
            QGuiApplication.clipboard().setText("\n".join(str(path) for path in self.selected_files))
            self._say(self.tr("The path is on the clipboard."))

    # Screenshots

    def on_screenshot(self) -> None:
        """Lets the person take a picture of the screen, with the system's own means."""
        if self._screenshot is None:
            from app.gui.tray.screenshot import Screenshot  # noqa: PLC0415 - only when it is first asked for

            self._screenshot = Screenshot(self._window)
            self._screenshot.taken.connect(self._on_screenshot_taken)
            self._screenshot.kept.connect(self._on_screenshot_kept)
            self._screenshot.failed.connect(self._parts.media_notice.show_error)
        self._screenshot.take()

    def _on_screenshot_taken(self, data: bytes, name: str) -> None:
        self._window.content.add_offered(Offered(data=((name, data),)))

    def _on_screenshot_kept(self, file: Path) -> None:
        self._window.content.add_offered(Offered((file,)))

    # The tray's own menu, and what is said

    def _on_tray_menu_wanted(self, place: QPoint) -> None:
        if self._actions is None:
            return
        menu = QMenu(self._window)
        menu.setObjectName("trayMenu")
        menu.aboutToHide.connect(menu.deleteLater)
        if self._parts.tray.selected_ids:
            for action_id in ("showPictureFileAction", "copyPicturePathAction"):
                menu.addAction(self._actions[action_id])
            menu.addSeparator()
            for action_id in ("movePictureUpAction", "movePictureDownAction"):
                menu.addAction(self._actions[action_id])
            menu.addSeparator()
        menu.addAction(self.tr("Select All")).triggered.connect(self._parts.tray.view.selectAll)
        menu.addSeparator()
        for action_id in ("removePictureAction", "removeAllPicturesAction"):
            menu.addAction(self._actions[action_id])
        menu.popup(place)

    def _on_pictures_changed(self) -> None:
        self._parts.tray.show_taking_in(is_taking_in=self._desk.pictures.is_taking_in)

    def _on_pictures_arrived(self, medium_ids: tuple[str, ...], known_names: tuple[str, ...]) -> None:
        assert_main_thread()
        self._parts.tray.show_question(self._desk.next_question())
        are_all_selected = self._parts.tray.select_added(medium_ids)
        words = []
        if len(known_names) == 1:
            words.append(self.tr("“{0}” is here already.").format(known_names[0]))
        elif known_names:
            words.append(self.tr("{0} of these are here already.").format(number(len(known_names))))
        if not are_all_selected:
            came = len(medium_ids) - len(known_names)
            if came > 0:
                words.append(self.tr("{0} files came in.").format(number(came)))
            words.append(self.tr("The first is selected; select all that the question is about."))
        if words:
            self._say(paragraph(*words))

    def _say(self, words: str) -> None:
        tell(self._window, words, self._parts.tray)
