"""Finds the texts of the rooms that know no Qt which the window says in a person's language.

Errors stand in the calls below as literals or as a `Sentence`; what stands there otherwise could not be translated and
is told. Tasks stand in the files of resources/presets, what models are good at in resources/catalogue.toml.
"""

from __future__ import annotations

import ast
import importlib
import string
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]
ERRORS = "Errors"
"""The context under which the window looks up what the rooms below it say."""
TASKS = "Tasks"
"""The same for the words of tasks."""
ROOMS = ("core", "engine", "backends", "exporters", "gui")
"""All but the command line, which speaks English."""
_TEXT_ARGUMENTS = {
    "AppError": (0, 1),
    "UserError": (0, 1),
    "ModelError": (0, 1),
    "EngineError": (0, 1),
    "ErrorText": (0, 1),
    "fault": (0,),
    "CheckedValue": (1, 2),
}
"""Where in a call a person's words stand. A function whose parameter is passed on to one of these is named here too."""
_TEXT_KEYWORDS = ("text", "hint")
_PASSED_ON = ("text", "hint", "_hint", "_document")
"""Attributes that hold what came through such a call before."""
_QT_CALLS = ("tr", "translate", "format")
_SENTENCE = "Sentence"


@dataclass
class SpokenTexts:
    """What was found.

    Attributes:
        texts: English texts, each once, in the order of files and lines.
        problems: Places whose words cannot be translated, with the reason.
    """

    texts: dict[str, None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def spoken_texts(root: Path = ROOT) -> SpokenTexts:
    """Every text that the window may say and that no Qt call marks."""
    found = SpokenTexts()
    for room in ROOMS:
        for path in sorted((root / "app" / room).rglob("*.py")):
            _read_module(path, path.relative_to(root), found)
    found.texts.update(model_texts(root))
    return found


def model_texts(root: Path = ROOT) -> dict[str, None]:
    """What the models of the catalogue are good at, each once."""
    catalogue = root / "resources" / "catalogue.toml"
    if not catalogue.exists():
        return {}
    rows = _toml(catalogue)
    said = [words for size in rows["sizes"] for words in size["good_at"].values()]
    said += [model["good_at"] for model in rows["models"] if "good_at" in model]
    return dict.fromkeys(text.strip() for text in said)


def task_texts(root: Path = ROOT) -> dict[str, None]:
    """The words of every task that differ between languages, each once, in the order of files."""
    texts: list[str] = []
    for path in sorted((root / "resources" / "presets").glob("*.toml")):
        task = _toml(path)
        texts += [task["title"], task.get("chip", task).get("title", task["title"])]
        texts += [] if task.get("is_prompt_fixed") else [task["prompt"]]
        texts += [blank["default"] for blank in task.get("blanks", ()) if not blank.get("is_default_fixed")]
    return dict.fromkeys(text.strip() for text in texts)


def _toml(path: Path) -> Any:
    # Python 3.10 has the same reader under its older name.
    tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _read_module(path: Path, place: Path, found: SpokenTexts) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module = _Module(place, tree, found)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _called(node)
        if name == _SENTENCE and path.name != "errors.py":
            module.read_sentence(node)
        for index in _TEXT_ARGUMENTS.get(name, ()):
            if index < len(node.args):
                module.read_text(node.args[index])
        if name in _TEXT_ARGUMENTS:
            for keyword in node.keywords:
                if keyword.arg in _TEXT_KEYWORDS:
                    module.read_text(keyword.value)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


class _Module:
    def __init__(self, place: Path, tree: ast.Module, found: SpokenTexts) -> None:
        self._place = place
        self._found = found
        self._values: dict[str, list[ast.expr]] = {}
        self._parameters: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._note_values(target, node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._note_values(node.target, node.value)
            elif isinstance(node, ast.FunctionDef) and node.name in _TEXT_ARGUMENTS:
                self._parameters.update(argument.arg for argument in node.args.args)
            elif isinstance(node, ast.ClassDef) and node.name in _TEXT_ARGUMENTS:
                makers = (part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__")
                self._parameters.update(argument.arg for maker in makers for argument in maker.args.args)

    def _note_values(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._values.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for part, part_value in zip(target.elts, value.elts, strict=True):
                self._note_values(part, part_value)

    def read_text(self, node: ast.expr) -> None:
        """Notes the literals that may stand here."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value:
                self._found.texts[node.value] = None
        elif isinstance(node, ast.IfExp):
            self.read_text(node.body)
            self.read_text(node.orelse)
        elif isinstance(node, ast.BoolOp):
            for value in node.values:
                self.read_text(value)
        elif isinstance(node, ast.Name) and node.id in self._values:
            for value in self._values[node.id]:
                self.read_text(value)
        elif not self._is_read_elsewhere(node):
            self._tell(node, f"{ast.unparse(node)} is neither a literal nor a Sentence")

    def _is_read_elsewhere(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            is_qt = "gui" in self._place.parts and _called(node) in _QT_CALLS
            return is_qt or _called(node) in (_SENTENCE, "as_sentence")
        if isinstance(node, ast.Attribute):
            return node.attr in _PASSED_ON
        return isinstance(node, ast.Name) and node.id in self._parameters

    def read_sentence(self, node: ast.Call) -> None:
        """Notes a Sentence's template; its values must be no English words themselves."""
        template = node.args[0] if len(node.args) == 1 else None
        if not isinstance(template, ast.Constant) or not isinstance(template.value, str):
            self._tell(node, "a Sentence has one literal template")
            return
        self._found.texts[template.value] = None
        given = {keyword.arg for keyword in node.keywords}
        if given and given != set(placeholders(template.value)):
            self._tell(node, f"the values are not those of “{template.value}”")
        for keyword in node.keywords:
            if any(_holds_words(value) for value in _choices(keyword.value)):
                self._tell(keyword.value, f"the words in {ast.unparse(keyword.value)} must be a Sentence of their own")

    def _tell(self, node: ast.expr, reason: str) -> None:
        self._found.problems.append(f"{self._place.as_posix()}:{node.lineno}: {reason}")


def _choices(node: ast.expr) -> Iterable[ast.expr]:
    if isinstance(node, ast.IfExp):
        return (*_choices(node.body), *_choices(node.orelse))
    return node.values if isinstance(node, ast.BoolOp) else (node,)


def _holds_words(node: ast.expr) -> bool:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    literals = (part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))
    return any(any(map(str.isalpha, literal)) for literal in literals)


def placeholders(text: str) -> list[str]:
    """What stands in braces in a text, sorted."""
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
