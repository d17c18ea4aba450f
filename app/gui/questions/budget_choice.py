"""How many tokens a picture may cost: a small menu whose effect is seen at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy

from app.gui.describing import describe
from app.gui.wording import number, tokens_text

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK_TOKENS, BALANCED_TOKENS, FINE_TOKENS = 256, 640, 1280


class BudgetChoice(QPushButton):
    """Shows the budget by its name; its menu says what each allows and what it makes of the pictures at hand."""

    budget_chosen = Signal(object)
    """Carries the tokens, or None for the whole picture."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("budgetChoice")
        self.setAccessibleName(self.tr("Tokens per picture"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.budget: int | None = None
        self.price: Callable[[int | None], int] | None = None
        """Gives what the next question's pictures would cost with such a budget; 0 without any."""
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._group = QActionGroup(self._menu)
        self._menu.aboutToShow.connect(self._on_menu_about_to_show)
        self._menu.triggered.connect(self._on_menu_triggered)
        self.setMenu(self._menu)
        self.show_budget(self.budget)

    def sizeHint(self) -> QSize:
        """Room for every budget's name, so that nothing beside it moves when another is chosen."""
        hint = super().sizeHint()
        metrics = self.fontMetrics()
        here = self._names().get(self.budget, _up_to(self.budget))
        widest = max(metrics.horizontalAdvance(name) for name in (here, *self._names().values()))
        return QSize(hint.width() + widest - metrics.horizontalAdvance(here), hint.height())

    def minimumSizeHint(self) -> QSize:
        """No less."""
        return self.sizeHint()

    def show_budget(self, budget: int | None) -> None:
        """Shows this budget as chosen."""
        self.budget = budget
        names = self._names()
        arrow = "" if sys.platform == "darwin" else " ▾"  # macOS draws its own
        self.setText(names.get(budget, _up_to(budget)) + arrow)
        said = self._sentence(budget)
        describe(self, said)

    def _names(self) -> dict[int | None, str]:
        return {
            QUICK_TOKENS: self.tr("Quick"),
            BALANCED_TOKENS: self.tr("Balanced"),
            FINE_TOKENS: self.tr("Fine"),
            None: self.tr("Whole"),
        }

    def _sentence(self, budget: int | None) -> str:
        name = self._names().get(budget)
        if budget is None:
            return self.tr("{0}: as many tokens as each picture needs").format(name)
        words = self.tr("up to {0} tokens per picture").format(number(budget))
        return self.tr("{0}: {1}").format(name, words) if name is not None else words

    def _on_menu_about_to_show(self) -> None:
        self._menu.clear()
        budgets = list(self._names())
        if self.budget not in budgets:
            budgets.append(self.budget)
        for budget in budgets:
            cost = self.price(budget) if self.price is not None else 0
            action = QAction(self._sentence(budget) + (f"\t{tokens_text(cost)}" if cost else ""), self._menu)
            action.setData(budget)
            action.setCheckable(True)
            action.setChecked(budget == self.budget)
            self._group.addAction(action)
            self._menu.addAction(action)

    def _on_menu_triggered(self, action: QAction) -> None:
        if action.data() != self.budget:
            self.budget_chosen.emit(action.data())


def _up_to(budget: int | None) -> str:
    return "" if budget is None else f"≤ {number(budget)}"
