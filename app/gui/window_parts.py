"""The window's parts and where they stand: toolbar, tray left, viewer middle, conversation right, status line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QSplitterHandle,
    QStackedWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.paths import SAMPLE_PICTURE
from app.gui.actions import plain_text
from app.gui.answers.result_view import ResultView
from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.look import hairline, scaled_px
from app.gui.model_status import ModelStatus
from app.gui.models.download_status import DownloadStatus
from app.gui.models.first_model import FirstModel
from app.gui.models.fit_question import FitQuestion
from app.gui.notice import Notice
from app.gui.questions.prompt_panel import PromptPanel
from app.gui.shell import CONVERSATION_WIDTH_PX, TRAY_WIDTH_PX, is_stacked
from app.gui.tray.drop_zone import DropZone
from app.gui.tray.media_tray import MediaTray
from app.gui.viewer.media_viewer import MediaViewer
from app.gui.window_shape import WindowShape

if TYPE_CHECKING:
    from PySide6.QtGui import QAction, QPaintEvent

    from app.gui.actions import Actions

_ROOMY_FROM_PX, _RUNTIME_FROM_PX = 860, 620
_DOWNLOAD_WHOLE_FROM_PX = 1060
_LOW_BELOW_PX = 620
_TOOLBAR_GAP_PX = 10
_VIEWER_PX, _LOW_VIEWER_PX, _LOW_RESULT_PX = 120, 60, 40


class _HairlineHandle(QSplitterHandle):
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), hairline(self.palette()))
        painter.end()


class HairlineSplitter(QSplitter):
    """A splitter whose handle is a line of one pixel."""

    def __init__(self, orientation: Qt.Orientation) -> None:
        super().__init__(orientation)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)

    def createHandle(self) -> QSplitterHandle:
        """A thin line."""
        return _HairlineHandle(self.orientation(), self)


class WindowParts:
    """Makes the widgets and lays them out; the window connects them."""

    def __init__(self, window: QMainWindow) -> None:
        self.drop_zone = DropZone()
        self.tray = MediaTray()
        self.viewer = MediaViewer(has_samples=SAMPLE_PICTURE.is_file())
        self.media_notice = Notice()
        self.result = ResultView()
        self.notice = Notice()
        self.fit_question = FitQuestion()
        self.first_model = FirstModel()
        self.pages = QStackedWidget()
        self.viewer_column = QWidget()
        self.prompt = PromptPanel()
        self.model_status = ModelStatus()
        self.stop_loading = QToolButton()
        self.balance = QWidget()
        self._beside_model: tuple[QWidget, ...] = ()
        self._foldable: tuple[tuple[QAction, QWidget], ...] = ()
        self.runtime = Caption()
        self.memory = Caption()
        self.note = Caption(is_elided=True)
        self.download_status = DownloadStatus()
        translate = QCoreApplication.translate
        self.privacy = Caption(
            translate("MainWindow", "Everything stays on this Mac")
            if sys.platform == "darwin"
            else translate("MainWindow", "Everything stays on this computer")
        )
        self.shape = WindowShape()
        self.columns = HairlineSplitter(Qt.Orientation.Horizontal)
        self.work = HairlineSplitter(Qt.Orientation.Horizontal)
        self._lay_out(window)

    def _lay_out(self, window: QMainWindow) -> None:
        layout = QVBoxLayout(self.viewer_column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.media_notice)
        layout.addWidget(self.viewer, 1)
        conversation = QWidget()
        conversation.setMinimumWidth(300)
        layout = QVBoxLayout(conversation)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for above in (self.notice, self.fit_question, self.first_model):
            layout.addWidget(above)
        self.pages.addWidget(self.result)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.prompt)
        self.work.addWidget(self.viewer_column)
        self.work.addWidget(conversation)
        self.work.setStretchFactor(0, 1)
        self.work.setStretchFactor(1, 0)
        self.columns.addWidget(self.tray)
        self.columns.addWidget(self.work)
        self.columns.setStretchFactor(0, 0)
        self.columns.setStretchFactor(1, 1)
        body = QHBoxLayout(self.drop_zone)
        body.setContentsMargins(0, 0, 0, 0)
        body.addWidget(_scrolled(self.columns))
        window.setCentralWidget(self.drop_zone)
        self.drop_zone.take_drags_of(window)
        bar = window.statusBar()
        bar.setSizeGripEnabled(False)
        for caption in (self.runtime, self.memory, self.note):
            caption.setContentsMargins(12, 0, 4, 0)
        self.privacy.setContentsMargins(4, 0, 12, 0)
        bar.addWidget(self.runtime)
        bar.addWidget(self.memory)
        bar.addWidget(self.note, 1)
        bar.addPermanentWidget(self.download_status)
        bar.addPermanentWidget(self.privacy)

    def build_toolbar(self, window: QMainWindow, actions: Actions) -> None:
        """Puts the model in the middle and few buttons on the right."""
        translate = QCoreApplication.translate
        bar = QToolBar(translate("MainWindow", "Toolbar"))
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.toggleViewAction().setEnabled(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        window.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.stop_loading = self._button(translate("MainWindow", "Stop loading"), actions["stopLoadingAction"])
        self.balance.setFixedWidth(self.stop_loading.sizeHint().width())
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.balance, self.model_status, self.stop_loading):
            row.addWidget(widget)
        export = self._button(translate("MainWindow", "Export ▾"))
        describe(export, translate("MainWindow", "Saves the conversation to a file."))
        menu = QMenu(export)
        for action_id in ("exportMarkdownAction", "exportJsonAction", "copyPicturesAction"):
            menu.addAction(actions[action_id])
        export.setMenu(menu)
        export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        bar.addWidget(_space())
        bar.addWidget(middle)
        bar.addWidget(_space())
        opening = self._button(translate("MainWindow", "Open…"), actions["openAction"])
        beginning = self._button(translate("MainWindow", "New"), actions["newConversationAction"])
        self._beside_model = (self.stop_loading, export)
        self._foldable = tuple((bar.addWidget(button), button) for button in (opening, beginning))
        bar.addWidget(export)
        window.addToolBar(Qt.ToolBarArea.TopToolBarArea, bar)
        window.setUnifiedTitleAndToolBarOnMac(True)

    @staticmethod
    def _button(text: str, action: QAction | None = None) -> QToolButton:
        button = QToolButton()
        button.setProperty("isButton", True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        if action is not None:
            button.clicked.connect(action.trigger)
            action.enabledChanged.connect(button.setEnabled)
            describe(button, plain_text(action.text()))
        button.setText(text)
        return button

    def fit_size(self, width_px: int, height_px: int, *, is_tray_wanted: bool) -> None:
        """Folds the tray away in a narrow window, and puts the conversation below the picture in a narrower one."""
        self.tray.setVisible(is_tray_wanted)
        self.privacy.setVisible(width_px >= scaled_px(_ROOMY_FROM_PX))
        self.runtime.setVisible(width_px >= scaled_px(_RUNTIME_FROM_PX))
        self.download_status.make_short(is_short=width_px < scaled_px(_DOWNLOAD_WHOLE_FROM_PX))
        self._fit_toolbar(width_px)
        is_low = height_px < scaled_px(_LOW_BELOW_PX)
        self.prompt.make_low(is_low=is_low)
        # So that an error above the answers leaves the question and its buttons whole.
        least_px = self.viewer.least_height_px(width_px) if is_stacked(width_px) else 0
        self.viewer.setMinimumHeight(max(least_px, scaled_px(_LOW_VIEWER_PX if is_low else _VIEWER_PX)))
        self.result.setMinimumHeight(scaled_px(_LOW_RESULT_PX) if is_low else 0)
        for above in (self.notice, self.media_notice, self.fit_question, self.first_model):
            above.make_low(is_low=is_low or is_stacked(width_px))
        orientation = Qt.Orientation.Vertical if is_stacked(width_px) else Qt.Orientation.Horizontal
        if self.work.orientation() != orientation:
            self.work.setOrientation(orientation)
            self.set_first_sizes(width_px)
        # What stands in the place of the answers for a while has the whole height where little is left for it.
        is_alone = orientation == Qt.Orientation.Vertical and self.pages.currentWidget() is not self.result
        self.viewer_column.setVisible(not is_alone)
        self.prompt.setVisible(not (is_alone and is_low))

    def _fit_toolbar(self, width_px: int) -> None:
        """Shortens the model's name, then leaves out buttons that are in the menus too."""
        self.balance.setVisible(width_px >= scaled_px(_ROOMY_FROM_PX))
        beside = (*self._beside_model, *((self.balance,) if not self.balance.isHidden() else ()))
        free_px = width_px - 4 * _TOOLBAR_GAP_PX - sum(_width_px(widget) for widget in beside)
        self.model_status.take_room(0)
        least_px = self.model_status.sizeHint().width()
        policy = self.stop_loading.sizePolicy()
        policy.setRetainSizeWhenHidden(free_px >= least_px)  # else there is room for it only while it is needed
        self.stop_loading.setSizePolicy(policy)
        if free_px < least_px and self.stop_loading.isHidden():
            free_px += _width_px(self.stop_loading)
        for action, button in self._foldable:
            free_px -= _width_px(button)
            action.setVisible(free_px >= least_px)
            free_px += 0 if action.isVisible() else _width_px(button)
        self.model_status.take_room(free_px)

    def leave(self, part: QWidget) -> None:
        """Hides a part of the conversation or the status line; the question has the keyboard if that was in it."""
        focus = QApplication.focusWidget()
        had_keyboard = focus is not None and (focus is part or part.isAncestorOf(focus))
        part.hide()
        if had_keyboard:
            self.prompt.edit.setFocus()

    def set_first_sizes(self, width_px: int) -> None:
        """The widths and heights that the person has set, or those to start with."""
        shape = self.shape
        tray_px = shape.tray_px or scaled_px(TRAY_WIDTH_PX)
        conversation_px = shape.conversation_px or scaled_px(CONVERSATION_WIDTH_PX)
        self.columns.setSizes([tray_px, max(1, width_px - tray_px)])
        if self.work.orientation() == Qt.Orientation.Vertical:
            height_px = shape.conversation_height_px
            all_px = sum(self.work.sizes())
            self.work.setSizes([140, 260] if height_px is None else [max(1, all_px - height_px), height_px])
        else:
            left_px = max(self.viewer.minimumWidth(), width_px - tray_px - conversation_px)
            self.work.setSizes([left_px, conversation_px])

    def note_sizes(self) -> None:
        """Notes how wide and high the person has dragged the parts."""
        if self.tray.isVisible():
            self.shape.tray_px = self.columns.sizes()[0]
        if not self.viewer_column.isVisible():
            return
        if self.work.orientation() == Qt.Orientation.Vertical:
            self.shape.conversation_height_px = self.work.sizes()[1]
        else:
            self.shape.conversation_px = self.work.sizes()[1]


def _scrolled(parts: QWidget) -> QScrollArea:
    """So that nothing is squeezed where large letters and several errors need more height than a low window has."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(parts)
    return area


def _width_px(widget: QWidget) -> int:
    return max(widget.sizeHint().width(), widget.minimumWidth()) + _TOOLBAR_GAP_PX


def _space() -> QWidget:
    space = QWidget()
    space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return space
