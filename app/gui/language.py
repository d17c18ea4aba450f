"""The window's language: which it is, and the translations of the program's own texts and of Qt's."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Literal, TypeAlias

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator
from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QApplication

from app.core.paths import TRANSLATIONS_DIR

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from app.core.settings import Language

    Spoken: TypeAlias = Literal["en", "zh_CN"]

logger = logging.getLogger(__name__)

_TRADITIONAL = {"hant", "tw", "hk", "mo"}
_HAN_FONTS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "WenQuanYi Micro Hei")
"""Simplified forms; without a word about it, Linux often draws the Japanese forms of Chinese characters."""


class _MacWords(QTranslator):
    """Has the application's menu say what macOS 13 and later call a program's settings; Qt 6.11 says the older word.

    WORKAROUND(PySide6 6.11): goes when Qt's plugin for macOS says so itself.
    """

    def __init__(self, application: QCoreApplication) -> None:
        super().__init__(application)
        self._settings = QCoreApplication.translate("Actions", "Settings…")

    def translate(
        self, context: str | bytes, source_text: str | bytes, disambiguation: str | bytes | None = None, n: int = -1
    ) -> str:
        """The one word, and nothing for all others, so that the translations before are asked."""
        if source_text == "Preferences..." and context == "QMenuBar":
            return self._settings
        return None  # type: ignore[return-value]  # to Qt an empty text would be a translation

    def isEmpty(self) -> bool:
        """It is not."""
        return False


def chosen_language(wanted: Language, system_languages: Iterable[str]) -> Spoken:
    """The language to speak: the person's choice, else the first of the system's that the program speaks.

    Who reads Traditional Chinese gets English where that stands in the list too, else Simplified Chinese.
    """
    if wanted != "system":
        return wanted
    has_traditional = False
    for tag in system_languages:
        language, *parts = re.split(r"[-_.@]", tag.lower())
        if language == "en":
            return "en"
        if language == "zh":
            has_traditional = has_traditional or ("hans" not in parts and not _TRADITIONAL.isdisjoint(parts))
            if not has_traditional:
                return "zh_CN"
    return "zh_CN" if has_traditional else "en"


def language_for(wanted: Language) -> Spoken:
    """The language that is spoken on this system when a person chose this."""
    return chosen_language(wanted, QLocale.system().uiLanguages())


def speak(application: QCoreApplication | None, wanted: Language, folder: Path = TRANSLATIONS_DIR) -> Spoken:
    """Makes the program speak: before any widget with words is made, as widgets take their words then.

    Without a translation the program speaks English, and the log says so.
    """
    system = QLocale.system()
    language = language_for(wanted)
    is_systems = system.name().partition("_")[0] == language.partition("_")[0]
    QLocale.setDefault(system if is_systems else QLocale("en_US" if language == "en" else language))
    if not isinstance(application, QApplication):
        return language
    for translator in application.findChildren(QTranslator):
        application.removeTranslator(translator)
        translator.deleteLater()
    if language != "en":
        qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        for file in (f"{qt_folder}/qtbase_{language}.qm", str(folder / f"viewfinder_{language}.qm")):
            translator = QTranslator(application)
            if translator.load(file):
                application.installTranslator(translator)
            else:
                logger.warning("There is no translation %s; these texts stay English", file)
                translator.deleteLater()
    if sys.platform == "darwin":
        application.installTranslator(_MacWords(application))
    logger.info("The window speaks %s", language)
    if sys.platform == "linux":
        font = application.font()
        if _HAN_FONTS[0] not in font.families():
            # By its real name: “Sans Serif” would yield to any family behind it that is there by name.
            font.setFamilies([QFontInfo(font).family(), *_HAN_FONTS])
            application.setFont(font)
    return language
