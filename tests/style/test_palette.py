"""The colours can be read, can be told apart, and are the same everywhere."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import qmode_jupyter.style.palette as palette
from qmode_jupyter.style.palette import FILLS, THEMES

#: Pages that a card can stand on besides our own: JupyterLab, VS Code, GitHub.
PAGES = {"light": ("#ffffff", "#f5f5f5"), "dark": ("#111111", "#212121", "#1e1e1e", "#0d1117")}

#: Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(colour: str) -> np.ndarray:
    """Return a `#rrggbb` as linear RGB between 0 and 1."""
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return WCAG's contrast ratio of two colours, between 1 and 21."""
    dark, light = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (light + 0.05) / (dark + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Return linear RGB as OKLab, in which equal distances look equally large."""
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    mix = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return mix @ np.cbrt(cones @ np.clip(rgb, 0, 1))


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_words_can_be_read_on_every_page(theme: palette.Theme) -> None:
    pages = {theme.ground.page, theme.ground.surface, *PAGES[theme.name]}
    words = {meaning: ink.text for meaning, ink in theme.inks.items()}
    words |= {"text": theme.ground.text, "muted": theme.ground.muted}
    poor = {
        (meaning, page): round(contrast(colour, page), 2)
        for meaning, colour in words.items()
        for page in pages
        if contrast(colour, page) < 4.5
    }
    assert poor == {}


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_words_can_be_read_on_their_bar(theme: palette.Theme) -> None:
    poor = {meaning: ink for meaning, ink in theme.inks.items() if contrast(ink.on, ink.fill) < 4.5}
    assert poor == {}


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_fills_differ_for_every_eye(theme: palette.Theme, sight: str) -> None:
    seen = {meaning: oklab(SIGHT[sight] @ linear(theme[meaning].fill)) for meaning in FILLS}
    alike = {
        pair: round(float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])), 3)
        for pair in itertools.combinations(FILLS, 2)
        if np.linalg.norm(seen[pair[0]] - seen[pair[1]]) < 0.075
    }
    assert alike == {}


def test_both_themes_know_the_same_meanings() -> None:
    light, dark = THEMES.values()
    assert set(light.inks) == set(dark.inks)
    assert set(FILLS) <= set(light.inks)


def test_the_style_sheet_has_the_same_colours() -> None:
    styles = Path(__file__).parents[2] / "labextension" / "style"
    css = "".join(sheet.read_text(encoding="utf-8") for sheet in sorted(styles.glob("*.css")))
    declared = {
        name: (light, dark)
        for name, light, dark in re.findall(
            r"--qmode-([\w-]+):[^;]*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", css
        )
    }
    light, dark = THEMES.values()
    known = {
        f"{meaning.replace('_', '-')}-{part}": (getattr(light[meaning], part), getattr(dark[meaning], part))
        for meaning in light.inks
        for part in ("fill", "text", "on")
    }
    known |= {
        part: (getattr(light.ground, part), getattr(dark.ground, part)) for part in ("page", "text", "line")
    }
    assert declared == {name: known.get(name) for name in declared}
    drawn = set(FILLS) - {"other_users", "calibration"}  # those two are the timeline's
    assert {f"{meaning.replace('_', '-')}-fill" for meaning in drawn} <= set(declared)
    assert set(re.findall(r"var\(--qmode-([\w-]+?-(?:fill|text|on))\)", css)) <= set(declared)
