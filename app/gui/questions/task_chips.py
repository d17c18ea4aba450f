"""The row of tasks above the question: the common ones as chips, all of them in a menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QSizePolicy, QStyle, QWidget

from app.core import presets
from app.core.errors import AppError
from app.gui.describing import describe, tip
from app.gui.questions.chip import Chip
from app.gui.questions.task_words import localized

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from PySide6.QtGui import QKeyEvent, QResizeEvent

    from app.core.presets import MediaKind, Preset

_GAP_PX = 6
_UNFIT = 2
_PICTURES: frozenset[MediaKind] = frozenset({"picture"})
_VIDEOS: frozenset[MediaKind] = frozenset({"video"})


class TaskChips(QWidget):
    """Folds chips that have no room into the menu, which always holds every task.

    Tab comes to one chip of the row, the arrow keys go through it. While the files of the tasks cannot be read there is
    no chip but the menu, and opening that says why.
    """

    preset_chosen = Signal(object)
    """Carries a Preset."""
    failed = Signal(object)
    """Carries the ErrorText of tasks that cannot be read."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("taskChips")
        self._presets: tuple[Preset, ...] | None = None
        self._chosen_id = ""
        self.is_asking_in_english = False
        """Whether the model knows no other language."""
        self._kinds: frozenset[MediaKind] = _PICTURES
        common = self._common()
        self._chips = {preset.preset_id: Chip(title) for preset, title in common}
        self._media = {preset.preset_id: preset.media for preset, _ in common}
        for preset_id, chip in self._chips.items():
            chip.setParent(self)
            chip.setObjectName(f"taskChip_{preset_id}")
            chip.setAccessibleDescription(self.tr("Puts the question of this task into the box."))
            chip.clicked.connect(self._on_chip_clicked)
        self.more = Chip(self.tr("More"))
        self.more.setParent(self)
        self.more.setObjectName("moreTasks")
        self.more.setAccessibleName(self.tr("More tasks"))
        self._menu = QMenu(self.more)
        self._menu.setToolTipsVisible(True)
        self._group = QActionGroup(self._menu)
        self._menu.aboutToShow.connect(self._on_menu_about_to_show)
        self._menu.triggered.connect(self._on_menu_triggered)
        self.more.setMenu(self._menu)
        for chip in (*self._chips.values(), self.more):
            chip.installEventFilter(self)
        self._let_tab_come_to(next(iter(self._chips.values()), self.more))
        self.show_chosen(None)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Goes to the chip on the left or right, round the ends."""
        shown = [chip for chip in (*(chip for _, chip in self._offered()), self.more) if not chip.isHidden()]
        focus = self.focusWidget()
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if not step or focus not in shown:
            super().keyPressEvent(event)
            return
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            step = -step
        shown[(shown.index(focus) + step) % len(shown)].setFocus(Qt.FocusReason.TabFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Lets Tab come back to the chip that had the keyboard last."""
        if event.type() == QEvent.Type.FocusIn and isinstance(watched, Chip):
            self._let_tab_come_to(watched)
        return super().eventFilter(watched, event)

    def _let_tab_come_to(self, reached: Chip) -> None:
        for chip in (*self._chips.values(), self.more):
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus if chip is reached else Qt.FocusPolicy.NoFocus)

    def presets(self) -> tuple[Preset, ...]:
        """Every task in the person's language; none, and why, when they cannot be read."""
        return tuple(localized(preset, is_asked_in_english=self.is_asking_in_english) for preset in self._read())

    def show_kinds(self, kinds: AbstractSet[MediaKind]) -> None:
        """Offers what can be asked about media of these kinds, those for videos first."""
        wanted = frozenset(kinds) or _PICTURES
        if wanted != self._kinds:
            self._kinds = wanted
            self._menu.clear()
            self.updateGeometry()
            self._place_chips()

    def _place(self, media: AbstractSet[MediaKind]) -> int:
        """Of a task for such media among the others: those for videos first when there is one, the unfit last."""
        if "video" in self._kinds and media == _VIDEOS:
            return 0
        return 1 if self._kinds & media else _UNFIT

    def _offered(self) -> list[tuple[str, Chip]]:
        """The chips of fitting tasks, in the order of the row; of two that read the same only the first."""
        places = {preset_id: self._place(media) for preset_id, media in self._media.items()}
        offered: dict[str, tuple[str, Chip]] = {}
        for task in sorted(self._chips.items(), key=lambda task: places[task[0]]):
            if places[task[0]] < _UNFIT:
                offered.setdefault(task[1].text(), task)
        return list(offered.values())

    def _common(self) -> list[tuple[Preset, str]]:
        """The common tasks with their short titles, in the order of the row."""
        common = [(preset, preset.chip) for preset in self.presets() if preset.chip is not None]
        return [(preset, chip.title) for preset, chip in sorted(common, key=lambda task: task[1].order)]

    def _read(self) -> tuple[Preset, ...]:
        if self._presets is None:
            try:
                self._presets = presets.list_presets()
            except AppError as error:
                self.failed.emit(error.said)
                return ()
        return self._presets

    def preset_like(self, question: str, preset_id: str = "") -> Preset | None:
        """The task whose question this is, in whichever language it was asked; of this id alone, if one is given."""
        found = [preset for preset in self._read() if preset_id in ("", preset.preset_id)]
        either = (localized(preset, is_asked_in_english=is_so) for preset in found for is_so in (False, True))
        return next((preset for preset in either if preset.filled_spans(question) is not None), None)

    def show_chosen(self, preset: Preset | None) -> None:
        """Marks the chosen task: its chip, or the menu where that is folded away."""
        self._chosen_id = preset.preset_id if preset is not None else ""
        describe(self.more, preset.title if preset is not None else self.tr("All tasks"))
        self._place_chips()

    def sizeHint(self) -> QSize:
        """Room for every chip."""
        offered = [chip for _, chip in self._offered()]
        width = sum(chip.sizeHint().width() + _GAP_PX for chip in (*offered, self.more))
        return QSize(width - _GAP_PX, self.more.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """The menu alone."""
        return self.more.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shows as many chips as there is room for."""
        super().resizeEvent(event)
        self._place_chips()

    def _place_chips(self) -> None:
        room = self.width() - self.more.sizeHint().width()
        left, is_full = 0, False
        offered = self._offered()
        for preset_id in self._chips.keys() - {preset_id for preset_id, _ in offered}:
            self._chips[preset_id].hide()
        for preset_id, chip in offered:
            size = chip.sizeHint()
            is_full = is_full or left + size.width() + _GAP_PX > room
            chip.setVisible(not is_full)
            chip.setChecked(preset_id == self._chosen_id)
            if not is_full:
                self._put(chip, left)
                left += size.width() + _GAP_PX
        chosen = self._chips.get(self._chosen_id)
        self._put(self.more, left)
        if any(chip.isHidden() and chip.focusPolicy() for chip in self._chips.values()):
            self._let_tab_come_to(next((chip for _, chip in offered if not chip.isHidden()), self.more))
        self.more.setChecked(bool(self._chosen_id) and (chosen is None or chosen.isHidden()))

    def _put(self, chip: Chip, left: int) -> None:
        place = QRect(left, 0, min(chip.sizeHint().width(), self.width()), chip.sizeHint().height())
        chip.setGeometry(QStyle.visualRect(self.layoutDirection(), self.rect(), place))

    def _on_chip_clicked(self) -> None:
        chip = self.sender()
        self._choose(next(preset_id for preset_id, known in self._chips.items() if known is chip))

    def _on_menu_about_to_show(self) -> None:
        if not self._menu.actions():
            is_fit_before = False
            for preset in sorted(self.presets(), key=lambda preset: self._place(preset.media)):
                is_fit = self._place(preset.media) < _UNFIT
                if is_fit_before and not is_fit:
                    self._menu.addSeparator()
                is_fit_before = is_fit
                action = self._menu.addAction(preset.title)
                action.setData(preset.preset_id)
                action.setCheckable(True)
                action.setToolTip(tip(preset.question()))
                self._group.addAction(action)
            self._group.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
        for action in self._menu.actions():
            action.setChecked(bool(self._chosen_id) and action.data() == self._chosen_id)

    def _on_menu_triggered(self, action: QAction) -> None:
        self._choose(action.data())

    def _choose(self, preset_id: str) -> None:
        for preset in self.presets():
            if preset.preset_id == preset_id:
                self.preset_chosen.emit(preset)
        self._place_chips()  # a click alone does not choose
