from __future__ import annotations

import ast
import os
import re
import stat
import sys
from pathlib import Path

import pytest
import setup_environment
import translations
from spoken_texts import spoken_texts, task_texts
from translations import Message, TranslationError, messages, problems, release, stale_files, ts_files, update

ROOT = Path(__file__).resolve().parents[3]
TOOLS = Path(sys.executable).parent
TS = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context><name>Panel</name>{messages}</context>
</TS>
"""


def ts_with(folder: Path, *pairs: tuple[str, str], state: str = "") -> Path:
    kind = f' type="{state}"' if state else ""
    entries = (
        f"<message><source>{source}</source><translation{kind}>{said}</translation></message>" for source, said in pairs
    )
    file = folder / "viewfinder_zh_CN.ts"
    file.write_text(TS.format(messages="".join(entries)), encoding="utf-8")
    return file


def program_with(folder: Path, *sources: str, core: str = "") -> Path:
    """A checkout whose window says these texts."""
    gui = folder / "app" / "gui"
    gui.mkdir(parents=True)
    lines = "".join(f'        self.tr("{source}")\n' for source in sources)
    (gui / "panel.py").write_text(f"class Panel:\n    def __init__(self):\n        pass\n{lines}", encoding="utf-8")
    (folder / "app" / "core").mkdir()
    (folder / "app" / "core" / "things.py").write_text(core, encoding="utf-8")
    return folder


@pytest.mark.parametrize("ts", ts_files(), ids=lambda ts: ts.stem)
def test_every_text_is_translated_and_no_translation_is_left_over(ts: Path) -> None:
    assert problems(ts, TOOLS) == []


def test_every_error_can_be_translated() -> None:
    found = spoken_texts()
    assert found.problems == []
    assert len(found.texts) > 150


def test_no_ts_file_names_places_or_lines() -> None:
    for ts in ts_files():
        assert "<location" not in ts.read_text(encoding="utf-8")


def test_what_is_missing_unused_or_unfinished_is_told(tmp_path: Path) -> None:
    root = program_with(tmp_path, "New", "Open", core='raise UserError("Gone.", "Look for it.")\n')
    ts = ts_with(tmp_path, ("Open", "打开"), ("Old", "旧"))
    assert problems(ts, TOOLS, root) == [
        "missing: ('Errors', 'Gone.', '')",
        "missing: ('Errors', 'Look for it.', '')",
        "missing: ('Panel', 'New', '')",
        "unused: ('Panel', 'Old', '')",
    ]
    ts = ts_with(tmp_path, ("Open", "打开"), ("New", ""), state="unfinished")
    assert "unfinished: ('Panel', 'New', '')" in problems(ts, TOOLS, root)


@pytest.mark.parametrize(
    ("source", "said", "fault"),
    [
        ("{0} of {1}", "{0} 张", "other placeholders"),
        ("Open…", "打开", "“…” at one end only"),
        ("&amp;Open", "打开", "a shortcut letter in one only"),
        ("Open", "打开(&amp;O)", "a shortcut letter in one only"),
        ("Stopped.", "已停止", "a full stop at one end only"),
        (" tokens", "个", "a space at one end only"),
        ("Ask", "Query", "neither Chinese nor the English words"),
        ("As JSON", "导出为JSON", "no space between Chinese and Latin"),
        ("{0} files", "共{0} 个", "no space between Chinese and Latin"),
        ("Model: {0}", "模型: {0}", "half-width punctuation"),
    ],
)
def test_a_faulty_translation_is_told(tmp_path: Path, source: str, said: str, fault: str) -> None:
    root = program_with(tmp_path, source.replace("&amp;", "&"))
    told = problems(ts_with(tmp_path, (source, said)), TOOLS, root)
    assert [line.partition(":")[0] for line in told] == [fault]


def test_good_translations_are_not_told(tmp_path: Path) -> None:
    pairs = (("&amp;Open {0}…", "打开 {0}(&amp;O)…"), ("Markdown", "Markdown"), ("{0} tokens", "{0} token"))
    root = program_with(tmp_path, *(source.replace("&amp;", "&") for source, _ in pairs))
    assert problems(ts_with(tmp_path, *pairs), TOOLS, root) == []


@pytest.mark.parametrize(
    "core",
    [
        'raise UserError(f"{name} is gone.", "Look.")',
        'raise UserError("It is " + name, "Look.")',
        'def f(reason):\n    raise UserError("Gone.", reason)',
        'text = f"{name} is gone."\nraise UserError(text, "Look.")',
        'ErrorText(text="%s" % name)',
        'raise part.fault("is none of %s" % names)',
        'raise UserError(Sentence(f"{name} is gone."))',
        'raise UserError(Sentence("{name} is {kind}.", name=name))',
        'raise UserError(Sentence("{name} is {kind}.", name=name, kind="a video"))',
        'raise UserError(Sentence("{name} is {kind}.", name=name, kind=kind or "a video"))',
        'raise UserError(Sentence("{name} is {kind}.", name=name, kind=f"a {kind}"))',
    ],
)
def test_an_error_that_could_not_be_translated_is_told(tmp_path: Path, core: str) -> None:
    assert len(spoken_texts(program_with(tmp_path, core=core)).problems) == 1


@pytest.mark.parametrize(
    ("core", "texts"),
    [
        ('raise UserError("Gone.", "")', ["Gone."]),
        ('_HINT = "Look."\nraise ModelError("Gone.", _HINT)', ["Gone.", "Look."]),
        ('text, hint = "Gone.", "Look."\nUserError(text, hint, f"{error}")', ["Gone.", "Look."]),
        ('UserError("Gone." if is_gone else "Here.")', ["Gone.", "Here."]),
        ('UserError(Sentence("{n} is {kind}.", n=f"{n:g}", kind=Sentence("big")))', ["{n} is {kind}.", "big"]),
        ("UserError(error.said.text, error.said.hint)", []),
    ],
)
def test_errors_are_found(tmp_path: Path, core: str, texts: list[str]) -> None:
    found = spoken_texts(program_with(tmp_path, core=core))
    assert (found.problems, sorted(found.texts)) == ([], sorted(texts))


def test_the_words_of_a_new_task_are_found_without_being_registered(tmp_path: Path) -> None:
    root = program_with(tmp_path)
    (root / "resources" / "presets").mkdir(parents=True)
    blank = '[[blanks]]\nname = "what"\ntitle = "What"\ndefault = "cats"\n'
    task = f'id = "find"\ntitle = "Find"\norder = 1\nprompt = "Find {{what}}."\n[chip]\ntitle = "F"\norder = 1\n{blank}'
    file = root / "resources" / "presets" / "find.toml"
    file.write_text(task)
    assert list(task_texts(root)) == ["Find", "F", "Find {what}.", "cats"]
    assert problems(ts_with(tmp_path), TOOLS, root) == [
        f"missing: ('Tasks', '{text}', '')" for text in ("F", "Find", "Find {what}.", "cats")
    ]
    file.write_text(task.replace("[chip]", "is_prompt_fixed = true\n[chip]") + "is_default_fixed = true\n")
    assert list(task_texts(root)) == ["Find", "F"]


def test_an_update_keeps_what_is_translated_and_drops_what_is_gone(tmp_path: Path) -> None:
    root = program_with(tmp_path, "Open", "New")
    ts = ts_with(tmp_path, ("Open", "打开"), ("Old", "旧"))
    update([ts], TOOLS, root)
    assert [(message.source, message.translation, message.state) for message in messages(ts)] == [
        ("Open", "打开", ""),
        ("New", "", "unfinished"),
    ]


def test_a_qm_is_made_once_and_again_when_the_ts_is_newer(tmp_path: Path) -> None:
    ts = ts_with(tmp_path, ("Open", "打开"))
    assert stale_files(tmp_path) == (ts,)
    release(stale_files(tmp_path), TOOLS)
    assert stale_files(tmp_path) == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["viewfinder_zh_CN.qm", "viewfinder_zh_CN.ts"]
    later_ns = ts.with_suffix(".qm").stat().st_mtime_ns + 1_000_000_000
    os.utime(ts, ns=(later_ns, later_ns))
    assert stale_files(tmp_path) == (ts,)


def test_a_damaged_ts_leaves_no_qm(tmp_path: Path) -> None:
    ts = ts_with(tmp_path, ("Open", "打开"))
    ts.write_text(ts.read_text(encoding="utf-8").replace("</context>", ""), encoding="utf-8")
    with pytest.raises(TranslationError, match="lrelease failed"):
        release([ts], TOOLS)
    assert list(tmp_path.glob("*.qm")) == []


def test_the_set_up_makes_what_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ts = ts_with(tmp_path, ("Open", "打开"))
    monkeypatch.setattr(translations, "stale_files", lambda: stale_files(tmp_path))
    monkeypatch.setattr(setup_environment, "ENVIRONMENT", TOOLS.parent)
    setup_environment.translate()
    assert ts.with_suffix(".qm").stat().st_size > 0


@pytest.mark.parametrize("has_tool", [False, True])
def test_the_set_up_goes_on_in_english_without_lrelease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, has_tool: bool
) -> None:
    (tmp_path / "bin").mkdir()
    if has_tool:
        tool = tmp_path / "bin" / "pyside6-lrelease"
        tool.write_text("#!/bin/sh\necho no libQt6Qml.so.6 >&2\nexit 127\n")
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    ts = ts_with(tmp_path, ("Open", "打开"))
    monkeypatch.setattr(translations, "stale_files", lambda: (ts,))
    monkeypatch.setattr(setup_environment, "ENVIRONMENT", tmp_path)
    setup_environment.translate()
    said = capsys.readouterr().err
    assert said.startswith("The window can speak English only. pyside6-lrelease ")
    assert ("libQt6Qml" in said) == has_tool


def test_messages_are_read_with_their_state(tmp_path: Path) -> None:
    assert messages(ts_with(tmp_path, ("Open", ""), state="unfinished")) == [
        Message("Panel", "Open", "", "", "unfinished")
    ]


_WORD_CALLS = {
    "setText", "setToolTip", "setStatusTip", "setWhatsThis", "setAccessibleName", "setAccessibleDescription",
    "setPlaceholderText", "setWindowTitle", "setTitle", "setLabelText", "setInformativeText", "setSuffix", "setPrefix",
    "setSpecialValueText", "setTabText", "addItem", "addItems", "addAction", "addMenu", "addButton", "addRow",
    "showMessage", "QLabel", "QPushButton", "QToolButton", "QCheckBox", "QRadioButton", "QAction", "QGroupBox",
    "QToolBar", "QDockWidget", "Caption", "insertText", "drawText", "information", "question", "warning", "critical",
    "Labelled", "Section", "Chip", "say", "about",
    "getOpenFileNames", "getExistingDirectory", "getSaveFileName", "announce",
}  # fmt: skip
"""Calls whose literal texts a person reads or hears."""
_NAMES = {"Viewfinder", "Esc", "Qwen/Qwen3-VL-4B-Instruct"}
"""The same in every language."""


def untranslated(tree: ast.Module) -> list[str]:
    """Literals with words in them that go to a person without a translation; `tr` of anything but a literal."""
    told = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in _WORD_CALLS and not ast.unparse(node.func).startswith("logger."):
            told += [f"{node.lineno}: {name}({text!r})" for argument in node.args for text in _literals(argument)]
        if name == "tr":
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            if not (isinstance(owner, ast.Name) and owner.id == "self"):
                told.append(f"{node.lineno}: tr of another object has no class of its own for lupdate")
            if not isinstance(node.args[0], ast.Constant):
                told.append(f"{node.lineno}: tr of what is no literal")
    return told


def _literals(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        has_words = re.search(r"[^\W\d_]{2}", node.value) is not None
        return [node.value] if has_words and node.value.strip() not in _NAMES else []
    parts: list[ast.expr] = []
    if isinstance(node, ast.JoinedStr):
        parts = node.values
    elif isinstance(node, ast.IfExp):
        parts = [node.body, node.orelse]
    elif isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.BoolOp):
        parts = node.values
    return [text for part in parts for text in _literals(part)]


@pytest.mark.parametrize("path", sorted((ROOT / "app" / "gui").rglob("*.py")), ids=lambda path: path.stem)
def test_every_text_of_the_window_goes_through_translation(path: Path) -> None:
    assert untranslated(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        'label.setText("Ready")',
        'QPushButton(f"Ask {name}")',
        'box.addItem("Quick" if is_quick else "")',
        'label.setToolTip("up to " + number)',
        'window.tr("Ready")',
        "self.tr(words)",
    ],
)
def test_a_text_without_translation_is_found(line: str) -> None:
    assert len(untranslated(ast.parse(line))) == 1


@pytest.mark.parametrize("path", sorted((ROOT / "app" / "gui").rglob("*.py")), ids=lambda path: path.stem)
def test_errors_are_shown_in_the_persons_language(path: Path) -> None:
    """An error's text reaches a widget only through `spoken`; the report for the makers stays English."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spoken = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("spoken", "self._spoken", "ErrorText")
        for argument in node.args
    }
    asked = [node.test for node in ast.walk(tree) if isinstance(node, ast.If | ast.IfExp)]
    asked += [test for node in ast.walk(tree) if isinstance(node, ast.comprehension) for test in node.ifs]
    reports = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "report"]
    spoken |= {id(asked_text) for asked_text in asked} | {id(part) for report in reports for part in ast.walk(report)}
    loose = [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("text", "hint") and id(node) not in spoken
        if re.search(r"\b(error|said|refusal|fault)$", ast.unparse(node.value))
    ]
    assert loose == []
