"""One language of colour for widget, card, timeline and panel: what each colour means.

A colour is looked up by meaning, never by hue, and always stands beside a word. Every meaning has
three values in both themes: `fill` for bars, `text` for words on the page, `on` for words on top
of the bar. What the tests hold of it:

- `text` has a contrast of at least 4.5:1 on every page and surface that it can stand on, `on` on its fill;
- any two fills that can stand in one picture differ for people with normal, protan, deutan and
  tritan sight (by at least 0.075 in OKLab); `cancelled` carries a hatch besides;
- `labextension/style/palette.css` has the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Ink:
    """The colours of one meaning in one theme, as `#rrggbb`."""

    fill: str
    text: str
    on: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What everything else stands on, as `#rrggbb`."""

    page: str
    #: Footers, hovered rows.
    surface: str
    text: str
    muted: str
    line: str
    #: The empty part of a bar.
    track: str


@dataclass(frozen=True, slots=True)
class Theme:
    """All colours of one theme; `theme["on_qpu"].fill` is a colour by meaning."""

    name: str
    ground: Ground
    inks: Mapping[str, Ink]

    def __getitem__(self, meaning: str) -> Ink:
        return self.inks[meaning]


#: The fills that can stand side by side in one picture.
FILLS: Final = (
    "queued",
    "preparing",
    "waiting",
    "on_qpu",
    "failed",
    "cancelled",
    "other_users",
    "calibration",
)

#: Meanings that a colour alone must not carry, with matplotlib's pattern for them.
HATCHES: Final[Mapping[str, str]] = MappingProxyType({"cancelled": "////"})

LIGHT: Final = Theme(
    name="light",
    ground=Ground(
        page="#ffffff", surface="#f5f6f8", text="#1b1e23", muted="#5b626d", line="#e0e3e8", track="#e8eaee"
    ),
    inks=MappingProxyType(
        {
            # A job's life.
            "queued": Ink(fill="#aeb4be", text="#5b626d", on="#14161a"),
            "preparing": Ink(fill="#8a45c9", text="#7c3abb", on="#ffffff"),
            "waiting": Ink(fill="#d9c4fb", text="#75509f", on="#14161a"),
            "on_qpu": Ink(fill="#0f62fe", text="#0353e9", on="#ffffff"),
            "done": Ink(fill="#1c7f45", text="#17703c", on="#ffffff"),
            "failed": Ink(fill="#da1e28", text="#bf1722", on="#ffffff"),
            "cancelled": Ink(fill="#5b626c", text="#565d67", on="#ffffff"),
            # The rest of the QPU's day.
            "other_users": Ink(fill="#e3aa2d", text="#7d5a00", on="#14161a"),
            "calibration": Ink(fill="#4fb388", text="#1a6e4b", on="#14161a"),
            # A workload's states: quiet bands.
            "active": Ink(fill="#d3e2ff", text="#0353e9", on="#12336f"),
            "window": Ink(fill="#ecf3ff", text="#3a5a94", on="#33507f"),
            "inactive": Ink(fill="#eeeff1", text="#5b626d", on="#4b515b"),
            "closed": Ink(fill="#dfe2e7", text="#41464f", on="#2a2e35"),
            # A timeout that runs out: under a quarter, under a tenth.
            "soon": Ink(fill="#e79a00", text="#8a5300", on="#14161a"),
            "urgent": Ink(fill="#da1e28", text="#bf1722", on="#ffffff"),
        }
    ),
)

DARK: Final = Theme(
    name="dark",
    ground=Ground(
        page="#111111", surface="#1c1f24", text="#eceef1", muted="#a3a9b4", line="#31353c", track="#2a2d33"
    ),
    inks=MappingProxyType(
        {
            "queued": Ink(fill="#5f6570", text="#a8aeb9", on="#ffffff"),
            "preparing": Ink(fill="#9a50dc", text="#c59bf7", on="#ffffff"),
            "waiting": Ink(fill="#dccbff", text="#d3c1f7", on="#14161a"),
            "on_qpu": Ink(fill="#5399ff", text="#80b3ff", on="#14161a"),
            "done": Ink(fill="#3fb970", text="#63cf8d", on="#14161a"),
            "failed": Ink(fill="#ff5a62", text="#ff8a90", on="#14161a"),
            "cancelled": Ink(fill="#8b919b", text="#a8aeb9", on="#14161a"),
            "other_users": Ink(fill="#e0af45", text="#e6bd66", on="#14161a"),
            "calibration": Ink(fill="#78d3ab", text="#86dbb6", on="#14161a"),
            "active": Ink(fill="#173a75", text="#80b3ff", on="#d6e5ff"),
            "window": Ink(fill="#14233d", text="#9cb8e6", on="#b9cdf0"),
            "inactive": Ink(fill="#25282d", text="#a8aeb9", on="#b9bec7"),
            "closed": Ink(fill="#363b43", text="#c3c8d0", on="#dfe2e7"),
            "soon": Ink(fill="#f0b23a", text="#f2bd55", on="#14161a"),
            "urgent": Ink(fill="#ff5a62", text="#ff8a90", on="#14161a"),
        }
    ),
)

#: Both themes by name.
THEMES: Final[Mapping[str, Theme]] = MappingProxyType({"light": LIGHT, "dark": DARK})
