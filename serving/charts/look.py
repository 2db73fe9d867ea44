"""How drawings look: sizes for three widths of screen, and colours for light and dark.

Colours never stand alone: lines differ by dash, points by shape, gaps by sign. Text has a contrast
of 4.5 to 1 with the background, and marks of 3 to 1 (their edges, where a fill is paler);
`tests/serving/charts/test_look.py` computes it, for people with and without red, green or blue.

Source:
    WCAG 2.2, success criteria 1.4.1, 1.4.3, 1.4.11. Hues after Okabe & Ito (2008), Color universal
    design: blue and vermilion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Theme = Literal["light", "dark"]
ScreenWidth = Literal[360, 820, 1920]
THEMES: tuple[Theme, ...] = get_args(Theme)
SCREEN_WIDTHS: tuple[ScreenWidth, ...] = get_args(ScreenWidth)

# Room for text beyond what Liberation Sans takes, which has Arial's widths and ships with
# vl-convert: DejaVu Sans, the widest that a browser is likely to have instead, is 15 % wider.
ROOM_FOR_TEXT = 1.16


@dataclass(frozen=True)
class Palette:
    """Colours of a theme, as #rrggbb.

    Args:
        background: of the page; a drawing itself has none.
        ink: numbers and words that matter.
        muted: axes and their labels.
        grid: faint lines, which tell nothing that labels don't.
        main: what is forecast.
        fills: of ranges, from the widest to the narrowest.
        edges: of the same.
        other: what is beside it: last year, a need, what is lacking.
    """

    background: str
    ink: str
    muted: str
    grid: str
    main: str
    fills: tuple[str, str, str]
    edges: tuple[str, str, str]
    other: str


PALETTES: dict[Theme, Palette] = {
    "light": Palette(
        background="#ffffff",
        ink="#1b1b1b",
        muted="#595959",
        grid="#e4e4e4",
        main="#0b5394",
        fills=("#e8f1fa", "#c3daf0", "#8fb9e0"),
        edges=("#6d95bd", "#4a7fb5", "#2a6aa8"),
        other="#b34700",
    ),
    "dark": Palette(
        background="#14171b",
        ink="#f2f2f2",
        muted="#b4bbc4",
        grid="#2f353c",
        main="#7cc0ff",
        fills=("#1b2a3a", "#22405f", "#2d5d8c"),
        edges=("#557fa8", "#5f94c6", "#6fa8de"),
        other="#ffa657",
    ),
}


@dataclass(frozen=True)
class Look:
    """The form of a drawing.

    Args:
        theme: light or dark.
        screen_width: the class of screen that it is for, in CSS pixels.
    """

    theme: Theme = "light"
    screen_width: ScreenWidth = 820

    @property
    def palette(self) -> Palette:
        """Its colours."""
        return PALETTES[self.theme]

    @property
    def width(self) -> int:
        """Width of the whole drawing, in CSS pixels; shown smaller, its text gets smaller too."""
        return {360: 336, 820: 760, 1920: 1240}[self.screen_width]

    @property
    def height(self) -> int:
        """Height of the whole of a drawing whose rows don't decide it, in CSS pixels."""
        return {360: 280, 820: 300, 1920: 420}[self.screen_width]

    @property
    def font_pixels(self) -> int:
        """Size of its text, in CSS pixels: at least 11 also where it is shown a tenth smaller."""
        return {360: 13, 820: 13, 1920: 16}[self.screen_width]

    @property
    def measured_pixels(self) -> float:
        """Size by which room for text is measured: `tidy_svg` makes it `font_pixels` again."""
        return round(self.font_pixels * ROOM_FOR_TEXT, 2)

    @property
    def is_narrow(self) -> bool:
        """Whether it is for a phone."""
        return self.screen_width == SCREEN_WIDTHS[0]

    @property
    def row_pixels(self) -> int:
        """Height of a row of bars."""
        return 2 * self.font_pixels


LOOKS = tuple(Look(theme, width) for width in SCREEN_WIDTHS for theme in THEMES)
