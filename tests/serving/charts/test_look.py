"""Colours: contrast by WCAG's formula, and what people without one kind of cone see."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from forewatch.arrays import Array
from serving.charts.look import LOOKS, PALETTES, ROOM_FOR_TEXT, Look, Theme

# Machado, Oliveira & Fernandes (2009), table 1, severity 1: linear RGB as seen without red, green
# and blue cones.
CONES = {
    "all": np.eye(3),
    "no red": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "no green": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "no blue": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def linear(colour: str) -> Array:
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    dark, light = sorted(float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", PALETTES)
def test_text_has_a_contrast_of_four_and_a_half_and_marks_of_three(theme: Theme) -> None:
    palette = PALETTES[theme]
    for colour in (palette.ink, palette.muted, palette.other):
        assert contrast(colour, palette.background) >= 4.5
    for colour in (palette.main, palette.other, *palette.edges):
        assert contrast(colour, palette.background) >= 3


@pytest.mark.parametrize("theme", PALETTES)
def test_lines_stand_out_from_the_ranges_behind_them(theme: Theme) -> None:
    palette = PALETTES[theme]
    assert contrast(palette.ink, palette.fills[2]) >= 4.5
    for colour in (palette.main, palette.other):
        assert min(contrast(colour, fill) for fill in palette.fills[:2]) >= 3
    inner = [contrast(colour, palette.fills[2]) for colour in (palette.main, palette.other)]
    assert min(inner) >= 2.5  # what a line says, its dash says too


@pytest.mark.parametrize("cones", CONES)
@pytest.mark.parametrize("theme", PALETTES)
def test_colours_differ_for_everybody(theme: Theme, cones: str) -> None:
    palette = PALETTES[theme]
    seen = {
        name: np.clip(np.array(CONES[cones]) @ linear(getattr(palette, name)), 0, 1) ** (1 / 2.2)
        for name in ("ink", "main", "other")
    }
    apart = {pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]) for pair in combinations(seen, 2)}
    assert min(apart.values()) > 0.25, apart


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_text_has_eleven_pixels_where_a_drawing_is_shown_as_wide_as_its_screen(look: Look) -> None:
    shown = min(1.0, (look.screen_width - 2 * 16) / look.width)
    assert look.font_pixels * shown >= 11
    assert look.measured_pixels == pytest.approx(look.font_pixels * ROOM_FOR_TEXT)
