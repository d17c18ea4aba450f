from __future__ import annotations

from pathlib import Path

import pytest

from app.backends.table import CHOICES
from app.cli.arguments import AskOptions, DoctorOptions, WindowOptions, read_arguments
from app.cli.model_arguments import ModelsOptions
from app.cli.usage import Common


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", WindowOptions(Common())),
        ("a.png b.png", WindowOptions(Common(), (Path("a.png"), Path("b.png")))),
        ("a.png ask", WindowOptions(Common(), (Path("a.png"), Path("ask")))),
        ("./ask -p hello", WindowOptions(Common(), (Path("ask"),), "hello")),
        ("-p ask --model doctor", WindowOptions(Common(), (), "ask", "doctor")),
        ("doctor --json", DoctorOptions(Common(), as_json=True)),
        ("--profile ask ask -p x", AskOptions(Common(Path("ask")), prompt="x")),
        ("--debug ask a.png -p x --quiet", AskOptions(Common(is_debug=True), (Path("a.png"),), "x", is_quiet=True)),
        ("ask -p x a.png b.png", AskOptions(Common(), (Path("a.png"), Path("b.png")), "x")),
        ("ask -p x -o out.md", AskOptions(Common(), (), "x", output=Path("out.md"), output_format="markdown")),
        ("ask -p x -o OUT.JSON", AskOptions(Common(), (), "x", output=Path("OUT.JSON"), output_format="json")),
        ("ask -p x -o out.md --format text", AskOptions(Common(), (), "x", output=Path("out.md"))),
        ("ask -p x --quantize 4bit", AskOptions(Common(), (), "x", weight_bits=4)),
        ("--quantize 8bit a.png", WindowOptions(Common(), (Path("a.png"),), weight_bits=8)),
        ("--quantize 8bit ask -p x", AskOptions(Common(), (), "x", weight_bits=8)),
        ("ask -p x --adapter /loras/a", AskOptions(Common(), (), "x", adapter=Path("/loras/a"))),
        ("ask -p x --adapter none", AskOptions(Common(), (), "x", adapter="none")),
        ("--adapter /loras/a a.png", WindowOptions(Common(), (Path("a.png"),), adapter=Path("/loras/a"))),
        ("--adapter none ask -p x", AskOptions(Common(), (), "x", adapter="none")),
        ("ask -p x --context 4096", AskOptions(Common(), (), "x", context_tokens=4096)),
        ("--context 8192 a.png", WindowOptions(Common(), (Path("a.png"),), context_tokens=8192)),
        ("--context 8192 ask -p x", AskOptions(Common(), (), "x", context_tokens=8192)),
        ("ask --from a.json", AskOptions(Common(), again=Path("a.json"))),
        ("models list", ModelsOptions(Common(), "list")),
        ("models list --all --json", ModelsOptions(Common(), "list", as_json=True, is_all=True)),
        (
            "models --profile p check a b --hashes",
            ModelsOptions(Common(Path("p")), "check", ("a", "b"), with_hashes=True),
        ),
        ("--profile models models path list", ModelsOptions(Common(Path("models")), "path", ("list",))),
        ("models remove a/b --yes", ModelsOptions(Common(), "remove", ("a/b",), says_yes=True)),
        ("models download a/b --revision v1", ModelsOptions(Common(), "download", ("a/b",), revision="v1")),
        ("models recommend --backend mlx", ModelsOptions(Common(), "recommend", backend="mlx")),
        ("models --debug check --hashes", ModelsOptions(Common(is_debug=True), "check", with_hashes=True)),
        ("./models", WindowOptions(Common(), (Path("models"),))),
        (
            "ask -p x --top-p 0.5 --seed 7 --max-tokens 9 --max-image-tokens 64",
            AskOptions(Common(), (), "x", sampling={"max_tokens": 9, "top_p": 0.5, "seed": 7}, max_image_tokens=64),
        ),
    ],
)
def test_a_line_means(line: str, expected: object) -> None:
    assert read_arguments(line.split()) == expected


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("ask", "There is no question."),
        ("ask a.png", "There is no question."),
        ("ask -p x --temperature 9", "The temperature is 9. It must be from 0 to 5."),
        ("ask -p x --context 2047", "“2047” is not a whole number from 2048 to 1048576"),
        ("ask -p x --context many", "“many” is not a whole number from 2048 to 1048576"),
        ("ask -p x --temperature nan", "The temperature is nan."),
        ("ask HTTPS://example.org/a.png -p x", "“HTTPS://example.org/a.png” is a web address, and nothing is fetched"),
        ("https://example.org/a.png", "is a web address, and nothing is fetched from the web"),
        ("ask -p x --top-k many", "invalid int value"),
        ("ask -p x --seed -1", "The seed is -1."),
        ("ask -p x --max-image-tokens 0", "--max-image-tokens must be 1 or more."),
        ("ask -p x --format pdf", "invalid choice"),
        ("ask -p x --quantize 3bit", "invalid choice"),
        ("ask -p x -o missing/out.md", "There is no folder"),
        ("ask -p x -o .", "is a folder"),
        ("ask a.png -p x -o a.png", "is one of the pictures"),
        ("ask -p x --frobnicate", "unrecognized arguments"),
        (f"ask -p x -o {'x' * 300}.md", "cannot be used: File name too long."),
        (f"ask -p x -o {'x' * 300}/out.md", "cannot be used: File name too long."),
        ("ask -p x -o circle", "cannot be used: Too many levels of symbolic links."),
        ("ask circle -p x -o a.png/out.md", "There is no folder"),
        ("ask -p x --profile ~nouserx", "The folder ~nouserx of the profile cannot be found. Write it without “~”."),
        (f"doctor --profile {'x' * 300}", "cannot be used: File name too long."),
        ("--profile a.png", "is not a folder."),
        (f"--startup-trace {'x' * 300}/trace.json", "There is no folder"),
        ("--startup-trace missing/trace.json", "There is no folder"),
        ("--frobnicate", "unrecognized arguments"),
        ("models", "Say what to do: list, recommend, download, remove, path, check."),
        ("models lists", "unrecognized arguments"),
        ("models path", "are required: MODEL"),
        ("models path a b", "unrecognized arguments"),
        ("models list a", "unrecognized arguments"),
        ("models recommend --backend fake", "invalid choice"),
        ("models check --profile a.png", "is not a folder."),
    ],
)
def test_a_usage_error_is_one_sentence(
    line: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").touch()
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(SystemExit) as end:
        read_arguments(line.split())
    assert end.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert len(said.err.splitlines()) == 2


@pytest.mark.parametrize("line", ["--help", "ask --help", "doctor --help", "--version", "ask --version"])
def test_help_goes_to_standard_output(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        read_arguments(line.split())
    assert end.value.code == 0
    said = capsys.readouterr()
    assert "viewfinder" in said.out
    assert said.err == ""


@pytest.mark.parametrize("line", ["--help", "ask --help"])
def test_help_names_every_backend_of_the_table(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(line.split())
    assert f"--backend {'|'.join(CHOICES)}" in capsys.readouterr().out
