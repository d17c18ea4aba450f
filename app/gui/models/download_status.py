"""The downloads in the status line: quiet, one of them, and a way to all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolButton

from app.gui.describing import describe
from app.gui.look import SMALL_PX, dim_text, sized
from app.gui.models.model_words import left_text, progress_text
from app.gui.wording import number

if TYPE_CHECKING:
    from app.core.models.download_state import DownloadState


class DownloadStatus(QToolButton):
    """Hidden as long as nothing is downloaded."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("downloadStatus")
        self.setAccessibleName(self.tr("Downloads"))
        self.setAutoRaise(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.offered_id = ""
        """The model that a click puts to use; empty where it opens the list of all."""
        self._is_short = False
        self._words = ("", "")
        self._dim()
        self.hide()

    def show_download(self, state: DownloadState, name: str, others: int) -> None:
        """Says how far a download is.

        Args:
            state: Of the one that is told of.
            name: Of its model.
            others: How many more are under way.
        """
        self.offered_id = ""
        percent = number(100 * state.done_bytes // state.total_bytes) if state.total_bytes else ""
        if state.stage == "failed":
            words = self.tr("Download failed")
        elif state.stage == "paused":
            words = self.tr("Download paused at {0} %").format(percent) if percent else self.tr("Download paused")
        else:
            words = self.tr("Download {0} %").format(percent) if percent else self.tr("Download")
        short = words
        if state.stage == "paused" and percent:
            short = self.tr("Paused at {0} %").format(percent)
        if state.stage == "downloading" and state.left_s is not None and state.waits_s is None:
            words = f"{words} · {left_text(state.left_s)}"
        elif state.stage == "downloading" and state.waits_s is not None:
            words = self.tr("{0} · waiting for the server").format(words)
        if others:
            words = self.tr("{0}, {1} more").format(words, number(others))
        self._show(words, short, f"{name}: {progress_text(state)}. {self.tr('Opens the list of all models.')}")

    def show_arrived(self, model_id: str, name: str) -> None:
        """Offers a model that has come while another one answers."""
        self.offered_id = model_id
        words = self.tr("Use {0} now").format(name)
        self._show(words, self.tr("Use it now"), self.tr("{0} is downloaded and can answer.").format(name))

    def show_nothing(self) -> None:
        """Says nothing."""
        self.offered_id = ""
        self.hide()

    def make_short(self, *, is_short: bool) -> None:
        """Says less where the status line has little room."""
        self._is_short = is_short
        self._say()

    def changeEvent(self, event: QEvent) -> None:
        """Takes colour and size anew when the system's changed."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._dim()

    def _show(self, words: str, short: str, description: str) -> None:
        self._words = (words, short)
        self._say()
        describe(self, description)
        self.show()

    def _say(self) -> None:
        whole, short = self._words
        words = short if self._is_short else whole
        if words and self.text() != words:
            self.setText(words)
            self.setAccessibleName(whole)

    def _dim(self) -> None:
        palette, colour = self.palette(), dim_text(QApplication.palette())
        if palette.color(QPalette.ColorRole.ButtonText) != colour:
            palette.setColor(QPalette.ColorRole.ButtonText, colour)
            self.setPalette(palette)
        font = sized(self.font(), SMALL_PX, QFont.Weight.Normal)
        if font != self.font():
            self.setFont(font)
