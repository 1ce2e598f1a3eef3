"""What the card in a notebook and the labextension share stands once: neither has a copy of the other's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "labextension"
#: A run of more lines than this in both is a copy.
LONGEST = 10

WIDGET = [*(PAGES / "src" / "widget").rglob("*.ts"), PAGES / "style" / "widget.css"]
LAB = [
    *(PAGES / "src" / "lab").rglob("*.ts"),
    *(PAGES / "style" / name for name in ("panel.css", "status.css")),
]
#: The words of the language; every other word is a name.
KEPT = frozenset(
    (
        "as", "async", "await", "class", "const", "else", "export", "extends", "for", "get", "if",
        "in", "let", "new", "null", "of", "private", "public", "readonly", "return", "static",
        "this", "true", "false", "try", "catch", "throw", "typeof", "undefined", "void", "while",
    )
)  # fmt: skip

Line = tuple[str, int, str]


def shapes(path: Path) -> Iterator[Line]:
    """Yield the lines that say something, with what could be another name taken out."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), path.read_text("utf-8"), flags=re.DOTALL)
    for number, line in enumerate(text.splitlines(), 1):
        shape = re.sub(r"\s+", "", style(line) if path.suffix == ".css" else script(line))
        if re.search(r"\w", shape) and not line.lstrip().startswith(("import ", "@import ")):
            yield path.name, number, shape


def script(line: str) -> str:
    line = re.sub(r"//.*", "", line)
    line = re.sub(r"'[^']*'|`[^`]*`", "S", line)
    return re.sub(r"[A-Za-z_$][\w$]*", lambda m: m[0] if m[0] in KEPT | {"S"} else "n", line)


def style(line: str) -> str:
    return re.sub(r"\.qmode[\w-]*|\[[^\]]*\]", ".c", line)


def copies(ones: Iterable[Line], others: Iterable[Line], longest: int = LONGEST) -> list[str]:
    """Return where runs of more than `longest` lines begin that stand in both."""
    ones, others = list(ones), list(others)

    def runs(lines: list[Line]) -> dict[tuple[str, ...], Line]:
        length = longest + 1
        windows = (lines[i : i + length] for i in range(len(lines) - longest))
        return {tuple(shape for *_, shape in w): w[0] for w in windows if w[0][0] == w[-1][0]}

    there = runs(others)
    return [
        f"{name}:{number} ~ {there[run][0]}:{there[run][1]}"
        for run, (name, number, _) in runs(ones).items()
        if run in there
    ]


def lines(paths: Iterable[Path]) -> list[Line]:
    return [line for path in sorted(paths) for line in shapes(path)]


#: What each part may import; the labextension alone knows JupyterLab and Lumino.
BELOW = {
    "core": ("./",),
    "view": ("./", "../core/"),
    "widget": ("./", "../core/", "../view/"),
    "lab": ("./", "../core/", "../view/", "@jupyterlab/", "@lumino/"),
}


@pytest.mark.parametrize("part", BELOW)
def test_a_part_imports_only_what_is_below_it(part: str) -> None:
    imports = [
        f"{path.name}: {source}"
        for path in (PAGES / "src" / part).rglob("*.ts")
        for source in re.findall(r"from '([^']+)'", path.read_text("utf-8"))
        if not source.startswith(BELOW[part]) and not source.endswith(".svg")
    ]
    assert imports == []


def test_nothing_stands_in_the_widget_and_in_the_labextension() -> None:
    widget, lab = lines(WIDGET), lines(LAB)
    assert len(widget) > 150
    assert len(lab) > 700
    assert copies(widget, lab) == []


def test_a_copy_is_found_also_with_other_names(tmp_path: Path) -> None:
    for source, renames in (
        (
            PAGES / "src" / "view" / "question.ts",
            {"_goAhead": "_next", "'qmode-buttons'": "'other'", "show": "reveal"},
        ),
        (PAGES / "style" / "card.css", {".qmode-": ".qmode-Panel-"}),
    ):
        text = source.read_text("utf-8")
        for name, other in renames.items():
            assert name in text
            text = text.replace(name, other)
        copy = tmp_path / source.name
        copy.write_text("\n\n".join(text.splitlines()), "utf-8")
        assert len(copies(shapes(source), shapes(copy))) > 20
        short = copy.with_stem("short")
        short.write_text("".join(source.read_text("utf-8").splitlines(keepends=True)[20:28]), "utf-8")
        assert copies(shapes(source), shapes(short)) == []
