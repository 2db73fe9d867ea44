"""The page's own files: small, kept for good, and colours of drawings for the dark."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from serving.charts.look import PALETTES
from serving.page.static_files import NAMES, static_address

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench

_MOST_BYTES = {
    "script.js": 8 * 1024,
    "style.css": 12 * 1024,
    "screen.css": 4 * 1024,
    "brief.css": 4 * 1024,
    "icon.svg": 1024,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_small_packed_and_kept_for_good(bench: Bench, name: str) -> None:
    answer = bench.stranger.get(static_address(name))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.content) <= _MOST_BYTES[name]
    tag = {"If-None-Match": answer.headers["etag"]}
    assert bench.stranger.get(static_address(name), headers=tag).status_code == 304
    plain = bench.stranger.get(static_address(name), headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content


def test_a_file_of_another_digest_is_not_there(bench: Bench) -> None:
    assert bench.stranger.get("/static/style.css").status_code == 404
    assert bench.stranger.get("/static/..%2Fbase.html").status_code == 404


def test_the_style_sheet_has_each_colour_of_a_drawing_for_the_dark() -> None:
    style = files("serving.page").joinpath("static", "style.css").read_text("utf-8")
    light, dark = PALETTES["light"], PALETTES["dark"]
    colours = [
        *((getattr(light, n), getattr(dark, n)) for n in ("ink", "muted", "grid", "main", "other")),
        *zip(light.fills, dark.fills, strict=True),
        *zip(light.edges, dark.edges, strict=True),
    ]
    for before, after in colours:
        for what in ("fill", "stroke"):
            assert f'.drawing [{what}="{before}"]{{{what}:{after}}}' in style
