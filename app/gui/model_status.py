"""What the model is doing, as plain values and as the pill in the toolbar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from PySide6.QtCore import QCoreApplication, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QToolButton

from app.core.events import ModelFailed, ModelLoading, ModelReady, ModelUnloaded
from app.core.files import shown_name
from app.gui.announcing import announce
from app.gui.checkpoint_search import CheckpointMissing
from app.gui.describing import tip
from app.gui.look import STATE_AMBER, STATE_GREEN, STATE_RED, scaled_px, state_colour
from app.gui.wording import loading_text, spoken

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from app.core.checkpoint import Checkpoint
    from app.core.errors import ErrorText
    from app.core.events import LoadProgress
    from app.core.models.checkpoint_fit import FitDoubt
    from app.gui.bridge import WindowEvent

Stage: TypeAlias = Literal["none", "searching", "loading", "ready", "failed"]
Unloaded: TypeAlias = Literal["", "asked", "idle", "pressure"]
_DOT_PX = 10
_SHORTEST_NAME_PX = 60
_ANY_WIDTH_PX = 1 << 24
_TOLD = ("ready", "failed")


@dataclass(frozen=True, slots=True)
class ModelState:
    """Where the model stands.

    Attributes:
        stage: See Stage; ``none`` after a load was stopped, and while the model is unloaded.
        checkpoint: The model once it is found on this machine.
        progress: How far loading is.
        ready: What the engine said when it was ready.
        error: Why there is none.
        is_stopping: Whether the person stopped the load.
        doubt: Why it is not loaded before the person has been asked.
        unloaded: Why it was unloaded: the person asked for it, it was not used for long, or memory was short.
    """

    stage: Stage = "none"
    checkpoint: Checkpoint | None = None
    progress: LoadProgress | None = None
    ready: ModelReady | None = None
    error: ErrorText | None = None
    is_stopping: bool = False
    unloaded: Unloaded = ""
    doubt: FitDoubt | None = None


def state_after(state: ModelState, event: WindowEvent) -> ModelState:
    """The state after an event; an event about another checkpoint than the one in hand changes nothing."""
    after = state
    if isinstance(event, CheckpointMissing):
        after = ModelState("failed", error=event.error)
    elif isinstance(event, ModelUnloaded):
        if state.is_stopping:
            after = ModelState("none", state.checkpoint)
    elif isinstance(event, (ModelLoading, ModelReady, ModelFailed)) and event.checkpoint == state.checkpoint:
        if isinstance(event, ModelLoading):
            after = replace(state, stage="loading", progress=event.progress)
        elif isinstance(event, ModelReady):
            after = ModelState("ready", event.checkpoint, ready=event)
        else:
            after = ModelState("failed", event.checkpoint, error=event.error)
    return after


def state_words(state: ModelState) -> str:
    """The state in words."""
    translate = QCoreApplication.translate
    if state.stage == "loading":
        return loading_text(state.progress)
    return {
        "none": translate("ModelStatus", "Not loaded"),
        "searching": translate("ModelStatus", "Looking for the model…"),
        "ready": translate("ModelStatus", "Ready"),
        "failed": translate("ModelStatus", "Cannot be used"),
    }[state.stage]


class ModelStatus(QToolButton):
    """A dot, the model's name, and its state; while loading a line fills along its foot."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("modelStatus")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fraction: float | None = None
        self._name = self._words = ""
        self._room_px = _ANY_WIDTH_PX
        self._stage: Stage = "none"

    def show_state(self, state: ModelState) -> None:
        """Shows another state."""
        checkpoint = state.checkpoint
        name = spoken(checkpoint.name) if checkpoint is not None else self.tr("No model")
        if checkpoint is not None and not checkpoint.is_demo and checkpoint.quantisation not in name:
            name = f"{name} · {spoken(checkpoint.quantisation)}"
        if checkpoint is not None and checkpoint.adapter is not None:
            name = f"{name} + {shown_name(checkpoint.adapter.name)}"
        words = state_words(state)
        self._name = "" if state.stage == "searching" else name
        self._words = words
        self._fit()
        said = spoken(state.error.text) if state.error is not None else self.tr("Shows the models")
        self.setAccessibleName(self.tr("Model: {0}, {1}").format(name, words))
        self.setAccessibleDescription(said)
        self.setToolTip(tip(self.accessibleName(), said))
        if state.stage != self._stage and state.stage in _TOLD:
            announce(self, self.accessibleName())
        self._stage = state.stage
        self._show_dot()
        self._fraction = state.progress.fraction if state.progress is not None else None
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Takes the dot's colour and size anew when the system's changed."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange) and hasattr(self, "_stage"):
            self._show_dot()

    def _show_dot(self) -> None:
        colour = {"ready": STATE_GREEN, "failed": STATE_RED}.get(self._stage, STATE_AMBER)
        self.setIconSize(QSize(scaled_px(_DOT_PX), scaled_px(_DOT_PX)))
        self.setIcon(_dot(state_colour(colour, QApplication.palette()), self.devicePixelRatioF()))

    def take_room(self, room_px: int) -> None:
        """Leaves the toolbar's other buttons their place: a long name is shortened in its middle or left out."""
        self._room_px = room_px
        self._fit()

    def _fit(self) -> None:
        self.setText(f" {self._name}  {self._words}" if self._name else self._words)
        excess_px = self.sizeHint().width() - self._room_px
        if self._name and excess_px > 0:
            metrics = self.fontMetrics()
            room_px = metrics.horizontalAdvance(self._name) - excess_px
            name = metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, room_px)
            self.setText(f" {name}  {self._words}" if room_px >= _SHORTEST_NAME_PX else f" {self._words}")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the pill and, while loading, how far it is."""
        super().paintEvent(event)
        if self._fraction is not None:
            painter = QPainter(self)
            width = (self.width() - 20) * min(1.0, self._fraction)
            painter.fillRect(QRectF(10, self.height() - 4, width, 2), self.palette().accent())
            painter.end()


def _dot(colour: QColor, device_ratio: float) -> QIcon:
    side = scaled_px(_DOT_PX)
    pixmap = QPixmap(round(side * device_ratio), round(side * device_ratio))
    pixmap.setDevicePixelRatio(device_ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QRectF(1, 1, side - 2, side - 2))
    painter.end()
    return QIcon(pixmap)
