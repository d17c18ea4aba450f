"""Which model answers, with the way to the sheet in which another is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core.checkpoint import DEMO_MODEL_ID
from app.core.files import shown_name
from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.wording import demo_text

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent


class ModelLine(QWidget):
    """A model's name and a button."""

    models_wanted = Signal()
    """The person wants to see the models."""

    def __init__(self) -> None:
        super().__init__()
        self.name = QLabel()
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.choose = QPushButton(self.tr("Choose…"))
        self.choose.setAccessibleName(self.tr("Choose a model"))
        describe(self.choose, self.tr("Shows the models on this computer and those that can be downloaded."))
        self.note = Caption(demo_text())
        self.note.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.name, 1)
        row.addWidget(self.choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.note)
        self._words = ""
        self.choose.clicked.connect(self.models_wanted)

    def show_model(self, model: str) -> None:
        """Shows which model is chosen."""
        is_demo = model == DEMO_MODEL_ID
        self._words = self.tr("Demo model") if is_demo else shown_name(model)
        describe(self.name, self._words)
        self.note.setVisible(is_demo)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shortens a long folder's name in its middle."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics = self.name.fontMetrics()
        self.name.setText(metrics.elidedText(self._words, Qt.TextElideMode.ElideMiddle, self.name.width()))
