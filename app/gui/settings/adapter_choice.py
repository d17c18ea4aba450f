"""Which LoRA is on top of the model: chosen as a folder, taken off with a button."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core.files import shown_name
from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.folder_choice import choose_folder
from app.gui.settings.settings_rows import ButtonLine

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from app.core.checkpoint import Checkpoint


class AdapterChoice(QWidget):
    """An adapter's name, what it says about itself, and the buttons."""

    folder_chosen = Signal(object)
    """Carries a Path, or None when it is taken off."""

    def __init__(self) -> None:
        super().__init__()
        self.name = QLabel()
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.about = Caption()
        self.about.setWordWrap(True)
        self.choose = QPushButton(self.tr("Choose Folder…"))
        self.choose.setAccessibleName(self.tr("Choose the folder of an adapter"))
        self.take_off = QPushButton(self.tr("Take Off"))
        self.take_off.setAccessibleName(self.tr("Take the adapter off"))
        describe(self.choose, self.tr("Chooses a folder that PEFT or mlx-vlm has written."))
        describe(self.take_off, self.tr("Loads the model anew without the adapter."))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.name)
        layout.addWidget(self.about)
        layout.addWidget(ButtonLine(self.choose, self.take_off))
        self._folder: Path | None = None
        self._words = ""
        self.choose.clicked.connect(self._on_choose_clicked)
        self.take_off.clicked.connect(self._on_take_off_clicked)

    def show_adapter(self, folder: Path | None, checkpoint: Checkpoint | None) -> None:
        """Shows which adapter is chosen, and what is known of it once the model is found."""
        self._folder = folder
        adapter = checkpoint.adapter if checkpoint is not None else None
        if adapter is not None and adapter.folder != folder:
            adapter = None
        self._words = self.tr("None") if folder is None else shown_name(adapter.name if adapter else folder.name)
        describe(self.name, "" if folder is None else shown_name(str(folder)))
        about = ""
        if adapter is not None and checkpoint is not None:
            about = self.tr("Rank {0}, on {1}.").format(adapter.rank, ", ".join(map(shown_name, adapter.targets)))
            if not adapter.is_made_for(checkpoint):
                about += " " + self.tr("It says it was made for {0}.").format(shown_name(adapter.base))
        self.about.setText(about)
        self.about.setVisible(bool(about))
        self.take_off.setVisible(folder is not None)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shortens a long name in its middle."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics = self.name.fontMetrics()
        self.name.setText(metrics.elidedText(self._words, Qt.TextElideMode.ElideMiddle, self.name.width()))

    def _on_choose_clicked(self) -> None:
        start = self._folder.parent if self._folder is not None else Path.home()
        choose_folder(self, self.tr("The Adapter’s Folder"), start, self._on_folder_selected)

    def _on_folder_selected(self, folder: str) -> None:
        self.choose.setFocus()
        self.folder_chosen.emit(Path(folder).absolute())

    def _on_take_off_clicked(self) -> None:
        self.choose.setFocus()  # the button that was pressed goes
        self.folder_chosen.emit(None)
