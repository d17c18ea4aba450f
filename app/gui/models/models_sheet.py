"""The Models sheet: which models are here, which go with this machine, all there are; and what is done with each."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QFont, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.gui.announcing import announce
from app.gui.bridge import assert_main_thread
from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.escape_key import is_escape_kept
from app.gui.look import BODY_PX, HEADING_PX, scaled_px
from app.gui.models.model_list import ModelList
from app.gui.models.model_rows import chosen_rows, rows_of
from app.gui.models.other_model import OtherModel
from app.gui.models.row_words import row_text
from app.gui.models.segment_bar import SegmentBar
from app.gui.settings.choice_box import ChoiceBox
from app.gui.settings.fault_line import FaultLine
from app.gui.wording import error_words, number

if TYPE_CHECKING:
    from app.core.models.download_state import DownloadState
    from app.gui.models.model_rows import ModelRow, Segment, SortedBy
    from app.gui.models.models_at_hand import ModelsAtHand

_SIDE_PX, _LIST_PX = 16, 96


class ModelsSheet(QWidget):
    """Shows ModelsAtHand and tells what the person wants done. Thread: main."""

    close_wanted = Signal()
    action_wanted = Signal(object, str)
    """Carries a ModelRow and the action."""
    folder_wanted = Signal()
    """The person wants to choose a model's folder."""

    def __init__(self, models: ModelsAtHand) -> None:
        super().__init__()
        self.setObjectName("modelsSheet")
        self.setAccessibleName(self.tr("Models"))
        self._models = models
        self._in_use = "", False
        self._all: tuple[ModelRow, ...] = ()
        self._sorted_by: dict[str, str] = {"installed": "last_used"}
        self.done = QPushButton(self.tr("Done"))
        self.other = QPushButton(self.tr("Other ▾"))
        self.segments = SegmentBar(
            [
                (self.tr("Installed"), "installed", self.tr("The models on this computer.")),
                (self.tr("Recommended"), "recommended", self.tr("Those that go well with this computer.")),
                (self.tr("All"), "all", self.tr("All that are known, with what each needs.")),
            ]
        )
        self.search = QLineEdit()
        self.sorting = ChoiceBox(
            [
                (self.tr("Best fit"), "fit"),
                (self.tr("Name"), "name"),
                (self.tr("Size"), "size"),
                (self.tr("Last used"), "last_used"),
            ]
        )
        self.other_model = OtherModel(models)
        self.fault = FaultLine()
        self.offline = Caption()
        self.list = ModelList()
        self.nothing = Caption(pixels=BODY_PX)
        self._describe()
        self._lay_out()
        self._connect()

    def show_models(self, in_use_id: str, *, is_out: bool) -> None:
        """Shows the models as they are now.

        Args:
            in_use_id: The model that is chosen.
            is_out: Whether it is not in memory, nor on its way there.
        """
        self._in_use = in_use_id, is_out
        self._show()

    def _show(self) -> None:
        assert_main_thread()
        in_use_id, is_out = self._in_use
        self._all = rows_of(self._models, in_use_id, is_out=is_out)
        self._list()
        faults = [error_words(fault) for fault in (self._models.fault, *self._models.catalogue.faults[:1]) if fault]
        more = len(self._models.catalogue.faults) - 1
        if more > 0:
            faults.append(self.tr("… and {0} more").format(number(more)))
        if faults:
            self.fault.say(" ".join(faults))
        else:
            self.fault.clear()
        self.offline.setVisible(self._models.is_offline)

    def show_download(self, state: DownloadState) -> None:
        """Shows how far a download is; of its beginning and its end the status line tells those who listen."""
        self._show()
        row = next((row for row in self._all if row.repository_id == state.model_id), None)
        if row is not None and state.stage == "paused":
            announce(self.list, row_text(row))

    def choose_segment(self, segment: Segment) -> None:
        """Shows one of the three."""
        self.segments.choose(segment)

    def show_row(self, model_id: str) -> None:
        """Has the list act on a model, in a segment that it stands in."""
        self.search.clear()
        if not any(row.model_id == model_id for row in self.list.rows):
            self.choose_segment("all")
        self.list.choose(model_id)

    def _describe(self) -> None:
        describe(self.done, self.tr("Goes back to the answers."))
        describe(self.other, self.tr("A model in a folder, or one that the list does not know."))
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search the models"))
        self.search.setAccessibleDescription(self.tr("Down goes to the list."))
        self.search.setClearButtonEnabled(True)
        self.sorting.setAccessibleName(self.tr("Order"))
        describe(self.sorting, self.tr("In which order the models stand."))
        self.offline.setText(self.tr("Offline: nothing is downloaded. What is installed can be used."))
        for label in (self.offline, self.nothing):
            label.setWordWrap(True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)

    def _lay_out(self) -> None:
        title = Caption(self.tr("Models"), HEADING_PX, QFont.Weight.DemiBold, is_dim=False)
        title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        menu = QMenu(self.other)
        self.folder_action = QAction(self.tr("A Folder…"), menu)
        self.repository_action = QAction(self.tr("A Repository…"), menu)
        menu.addActions([self.folder_action, self.repository_action])
        self.other.setMenu(menu)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(_SIDE_PX, 8, _SIDE_PX, 8)
        head.setSpacing(8)
        whole.addLayout(head)
        head.addWidget(title)
        head.addWidget(self.other)
        head.addWidget(self.done)
        finding = QHBoxLayout()
        finding.setSpacing(8)
        finding.addWidget(self.search, 1)
        finding.addWidget(self.sorting)
        choosing = QVBoxLayout()
        choosing.setContentsMargins(_SIDE_PX, 0, _SIDE_PX, 8)
        choosing.setSpacing(8)
        choosing.addWidget(self.segments, 0, Qt.AlignmentFlag.AlignLeft)
        choosing.addLayout(finding)
        whole.addLayout(choosing)
        rest = QVBoxLayout()
        rest.setContentsMargins(_SIDE_PX, 0, _SIDE_PX, 0)
        rest.setSpacing(8)
        whole.addLayout(rest)
        for widget in (self.other_model, self.offline, self.fault):
            rest.addWidget(widget)
        self.nothing.setContentsMargins(_SIDE_PX, 24, _SIDE_PX, 24)
        whole.addWidget(self.nothing, 1)
        whole.addWidget(self.list, 1)
        self.list.setMinimumHeight(scaled_px(_LIST_PX))
        self.other_model.hide()
        self.offline.hide()
        self.nothing.hide()

    def _connect(self) -> None:
        self.done.clicked.connect(self.close_wanted)
        self.segments.chosen.connect(self._on_segment_changed)
        self.search.textChanged.connect(self._on_search_changed)
        self.sorting.currentIndexChanged.connect(self._on_sorting_changed)
        self.list.action_wanted.connect(self._on_list_action_wanted)
        self.list.left_upwards.connect(self.search.setFocus)
        self.folder_action.triggered.connect(self.folder_wanted)
        self.repository_action.triggered.connect(self._on_repository_wanted)
        self.other_model.found.connect(self._on_other_model_found)
        self.other_model.closed.connect(self.search.setFocus)
        self.search.installEventFilter(self)

    def _list(self) -> None:
        segment, words = self._segment, self.search.text().strip()
        self.sorting.show_value(self._order)
        rows = chosen_rows(self._all, segment, words, self._order)
        self.list.show_rows(rows, is_offline=self._models.is_offline)
        self.nothing.setVisible(not rows)
        self.list.setVisible(bool(rows))
        if not rows:
            self.nothing.setText(self._why_nothing(segment, words))

    @property
    def _segment(self) -> Segment:
        return cast("Segment", self.segments.value)

    @property
    def _order(self) -> SortedBy:
        return cast("SortedBy", self._sorted_by.get(self._segment, "fit"))

    def _why_nothing(self, segment: Segment, words: str) -> str:
        if not self._models.is_looked_at or (segment == "recommended" and self._models.memory is None):
            return self.tr("Looking for models…")
        others = len(chosen_rows(self._all, "all", words, self._order)) if words else 0
        if others:
            return self.tr("No model here is called “{0}”. “All” has some: {1}.").format(words, number(others))
        if words:
            return self.tr("No model here is called “{0}”. “Other” asks for one by its repository.").format(words)
        if segment == "recommended":
            return self.tr("None of the known models fits this computer. “All” shows what each needs.")
        return self.tr("No model is here yet. “Recommended” shows which go well with this computer.")

    def _row(self, model_id: str) -> ModelRow | None:
        return next((row for row in self._all if row.model_id == model_id), None)

    def _on_segment_changed(self) -> None:
        self._list()

    def _on_search_changed(self) -> None:
        self._list()
        if not self.list.rows:
            announce(self.search, self.nothing.text())

    def _on_sorting_changed(self) -> None:
        self._sorted_by[self._segment] = str(self.sorting.currentData())
        self._list()

    def _on_list_action_wanted(self, model_id: str, action: str) -> None:
        row = self._row(model_id)
        if row is not None and action in row.actions:
            self.action_wanted.emit(row, action)

    def _on_repository_wanted(self) -> None:
        self.other_model.open(self.search.text().strip())

    def _on_other_model_found(self, model_id: str) -> None:
        self.show_row(model_id)
        self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # Keys

    def event(self, event: QEvent) -> bool:
        """Keeps Esc from what it means elsewhere in the window while the keyboard is in here."""
        return is_escape_kept(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc empties the search, then goes back to the conversation."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.search.hasFocus() and self.search.text():
            self.search.clear()
        else:
            self.close_wanted.emit()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Goes from the search down into the list."""
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            is_down = event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if is_down and self.list.rows:
                if not self.list.currentIndex().isValid():
                    self.list.choose(self.list.rows[0].model_id)
                self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return True
        return False
