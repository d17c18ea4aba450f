r"""LaTeX as text that can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.latex_text import latex_as_text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\frac{-b \pm \sqrt{b^2-4ac}}{2a}", "(-b ± √(b²-4ac))/2a"),
        (r"\frac{1}{2}", "1/2"),
        (r"x^{2}+y_i^{10}", "x²+yᵢ¹⁰"),
        (r"\sum_{i=1}^{n} i = \frac{n(n+1)}{2}", "∑ᵢ₌₁ⁿ i = (n(n+1))/2"),
        (r"f: \mathbb{R}^n \to \mathbb{R}", "f: ℝⁿ → ℝ"),
        (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", "(a, b; c, d)"),
        (r"5\% \leq \text{the whole of it}", "5% ≤ the whole of it"),
        (r"e^{i\pi}+1=0", "e^(iπ)+1=0"),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "a = b\n= c"),
        (r"\left( \frac{1}{2} \right)", "(1/2)"),
        (r"\lim_{x \to 0} \frac{\sin x}{x} = 1", "lim_(x → 0) (sin x)/x = 1"),
        (r"\sqrt[3]{x+1}", "∛(x+1)"),
        (r"90^\circ, H_2O, f'(x)", "90°, H₂O, f′(x)"),
        (r"\hat{x} \not= \vec{v}", "x̂ ≠ v⃗"),
        (r"\unknown{x_1}", r"\unknown{x_1}"),
        (r"\operatorname{rank} A", "rank A"),
        ("}}{{", ""),
        ("面积 = \\pi r^2", "面积 = π r²"),
    ],
)
def test_formulas_read_as_text(latex: str, text: str) -> None:
    assert latex_as_text(latex) == text


@given(st.text(alphabet="\\{}^_&~ab1frac$[]()\n ", max_size=200))
def test_anything_gives_some_text(latex: str) -> None:
    assert isinstance(latex_as_text(latex), str)


def test_deep_nesting_ends() -> None:
    assert latex_as_text("{" * 5_000)
    assert latex_as_text(r"\frac" * 3_000)
    assert latex_as_text("^" * 5_000)
    assert latex_as_text("x_" * 5_000)


def test_accents_on_accents_stay_short() -> None:
    assert latex_as_text(r"\hat{\hat{ab}}") == "â̂b̂̂"
    assert len(latex_as_text(r"\vec{" * 24 + "abc" + "}" * 24)) < 2_000
    assert len(latex_as_text(r"\vec{" * 24 + "a" * 9_000 + "}" * 24)) < 20_000
