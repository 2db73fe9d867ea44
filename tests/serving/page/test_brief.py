"""The brief: one tagged sheet of A4, the API's numbers, names as text, nothing beyond a reach."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pypdf import PdfReader
from starlette.testclient import TestClient

from forewatch.errors import DrawingUnavailable, ForewatchError, SettingsError
from forewatch.profile import Profile
from forewatch.tables import check
from planning.issues import Issue, Part
from serving.briefing import BriefOrder, brief_pdf, write_brief
from serving.charts.chart import Chart
from serving.charts.look import Look
from serving.charts.words import count_text
from serving.drawing import Drawing, Drawings
from serving.page import brief
from serving.page.week_panels import week_panels
from serving.site import create_site
from serving.special_records import SpecialRecord
from tests.serving.conftest import FIRST, Bench
from tests.serving.page.test_views import limited, planned

MakeIssue = Callable[..., Issue]
WEEK = "2026-W43"  # holds the day of 25 hours
ASKED = f"/brief.pdf?week={WEEK}&area=town"
MARKUP = '#strong[x] $y$ *b* `c` \\ @d <b>"q"'
TURNED = "\u202eŵŷ 漢"
EVENT = ["name", "area", "start", "end", "attendance_low", "attendance_high", "known_at"]


@pytest.fixture(scope="module")
def drawings() -> Iterator[Drawings]:
    made = Drawings()
    yield made
    made.close()


def events(*rows: tuple[str, str]) -> SpecialRecord:
    times = ("2026-10-24T10:00", "2026-10-24T18:00", 900, 1100, "2026-10-01")
    told = pd.DataFrame([(name, area, *times[:4], times[4]) for name, area in rows], columns=EVENT)
    for name in ("start", "end", "known_at"):
        told[name] = pd.to_datetime(told[name], utc=True)
    return SpecialRecord(events=check("events", told))


@pytest.fixture
def planner(tmp_path: Path, make_issue: MakeIssue, missing: Part) -> Bench:
    """A town with missing persons, a plan for its districts, and a fair in the north."""
    made = Bench(
        tmp_path, record=planned("town", "north", "south"), special=events(("Fair", "north"))
    )
    made.issues().publish(make_issue().with_part("missing", missing))
    return made


def drawn(bench: Bench, drawings: Drawings) -> TestClient:
    """A client of the same workspace, where charts are drawn."""
    app = create_site(bench, clock=lambda: bench.now, drawings=drawings)
    return TestClient(app, "http://localhost", headers={"X-API-Key": bench.token})


def sheet(client: TestClient, address: str = ASKED) -> PdfReader:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return PdfReader(io.BytesIO(answer.content))


def text(read: PdfReader) -> str:
    return " ".join(read.pages[0].extract_text().replace("\ufb03", "ffi").split())


def elements(read: PdfReader) -> list[Any]:
    """Return the elements of the structure tree."""
    root: Any = read.trailer["/Root"]
    found, left = [], [root["/StructTreeRoot"]]
    while left:
        element = left.pop().get_object()
        if isinstance(element, list):
            left.extend(element)
        elif isinstance(element, dict):
            found.append(element)
            left.extend([element["/K"]] if "/K" in element else [])
    return found


def test_the_brief_is_one_tagged_sheet_of_a4_that_a_screen_reader_can_read(
    planner: Bench, drawings: Drawings
) -> None:
    drawings.order(_bands(planner), Look("light", 360)).result(60)
    read = sheet(drawn(planner, drawings))
    (page,) = read.pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    root: Any = read.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert read.metadata is not None
    assert read.metadata.title == "Town: Mon 19 Oct to Sun 25 Oct 2026, Town"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    found = elements(read)
    kinds = [each.get("/S") for each in found]
    figures = [each for each in found if each.get("/S") == "/Figure"]
    assert len(figures) == 1
    chart = _bands(planner)
    assert [each["/Alt"] for each in figures] == [f"{chart.name}. {chart.summary}"]
    assert kinds.count("/Table") == 5
    # Hour and days; the days' table, shifts, missing persons, areas.
    assert kinds.count("/TH") == 8 + 5 + 4 + 4 + 4
    assert {"/H1", "/Caption", "/TD"} <= {*kinds}
    resources: Any = page["/Resources"]
    fonts = {str(each["/BaseFont"]) for each in resources["/Font"].values()}
    assert all("DejaVuSans" in font for font in fonts), fonts


def _bands(bench: Bench) -> Chart:
    """Return the chart of the sheet."""
    asked: list[Chart] = []

    class Asked(Drawings):
        def drawing(self, chart: Chart, look: Look, wait_seconds: float = 0.0) -> Drawing:
            asked.append(chart)
            raise DrawingUnavailable(f"{look} not within {wait_seconds} s")

        def draw_ahead(self, charts: Any, looks: Any = ()) -> None:
            del looks
            assert [chart.kind for chart in charts] in ([], ["bands"])

    drawn(bench, Asked()).get(ASKED)
    (chart,) = asked
    return chart


@pytest.mark.parametrize(
    ("tool", "words"), [("verapdf", ["--flavour", "ua1"]), ("qpdf", ["--check"])]
)
def test_other_programs_find_nothing_wrong(
    planner: Bench, tmp_path: Path, tool: str, words: list[str]
) -> None:
    if (found := shutil.which(tool)) is None:
        pytest.skip(f"{tool} is not installed")
    path = tmp_path / "brief.pdf"
    path.write_bytes(planner.client.get(ASKED).content)
    done = subprocess.run([found, *words, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("area", ["town", "south", "north-1"])
def test_numbers_of_sheet_and_page_are_the_apis(planner: Bench, area: str) -> None:
    asked = {"week": WEEK, "area": area}
    told = text(sheet(planner.client, f"/brief.pdf?week={WEEK}&area={area}"))
    shown = " ".join(
        re.sub(r"<[^>]+>", " ", planner.client.get("/brief", params=asked).text).split()
    )

    def api(path: str, by: str) -> Any:
        return planner.get(path, quantiles="0.1,0.9", by=by, limit=1000, **asked)["rows"]

    (week,) = api("/v1/forecasts", "week")
    low, high = count_text(week["q10"]), count_text(week["q90"])
    first = f"{count_text(week['mean'])} calls expected; in 8 of 10 such weeks {low} to {high}."
    for row in api("/v1/forecasts", "day"):
        span = f"{count_text(row['q10'])} to {count_text(row['q90'])}"
        numbers = f"{count_text(row['mean'])} {span} {count_text(row['baseline'])}"
        assert numbers in told
        assert numbers in shown
    hours = [count_text(row["mean"]) for row in api("/v1/forecasts", "hour")]
    assert f"07:00 {' '.join(hours[0:145:24])}" in told
    assert "01:00 again" in told  # of the day of 25 hours
    for where in (told, shown):
        assert first in where
        assert "Can I trust this?" in where
        assert "Issue 1, published Mon 12 Oct 2026, 08:30" in where


def test_names_with_markup_are_text_and_what_has_no_room_is_said(
    tmp_path: Path, make_issue: MakeIssue, missing: Part
) -> None:
    profile = Bench(tmp_path / "plain").profile.model_dump(mode="json")
    for area in profile["areas"]:
        area["name"] = f"{area['name']} {TURNED} {MARKUP} {'long ' * 20}"[:120]
    named = Profile.model_validate(profile)
    special = events(*((f"{MARKUP} {TURNED} {i}", "town") for i in range(10)))
    made = Bench(tmp_path, record=planned("town"), special=special, profile=named)
    made.issues().publish(
        replace(make_issue(), profile=named, tree=named.tree()).with_part("missing", missing)
    )
    read = sheet(made.client)
    told = text(read)
    assert len(read.pages) == 1
    assert MARKUP in told
    assert "□ stands for letters that this sheet's font doesn't have." in told
    assert "And 4 more on /events." in told
    page = made.client.get(f"/brief?week={WEEK}").text
    assert "<b>" not in page
    assert "And 4 more on /events." in page
    assert "\u202e" not in re.sub("\u2068[^\u2069]*\u2069", "", page.partition("<h1>")[2]
                                  .partition("</h1>")[0])  # fmt: skip


def test_of_many_areas_those_furthest_from_normal_are_on_the_sheet(
    planner: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brief, "MOST_AREAS", 1)
    assert "The 1 areas furthest from normal; 1 more are on /week." in text(sheet(planner.client))


def test_areas_with_one_sign_are_chosen_by_how_far_they_are_from_normal(
    planner: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brief, "MOST_AREAS", 1)

    def uneven(*asked: Any) -> Any:
        shown = week_panels(*asked)
        told = vars(shown)["values"]
        far = {"North": -0.06, "South": -0.07}
        areas = (replace(area, off=far[area.link.text]) for area in told["map"].areas)
        told["map"] = replace(told["map"], areas=tuple(areas))
        return shown

    monkeypatch.setattr(brief, "week_panels", uneven)
    shown = text(sheet(planner.client)).partition("Beside the last 8 weeks")[2]
    assert "South" in shown
    assert "North" not in shown


def test_whoever_sees_the_south_gets_nothing_of_the_north(planner: Bench) -> None:
    client = limited(planner, "south")
    for address in ("/brief.pdf", f"/brief.pdf?week={WEEK}"):
        told = text(sheet(client, address)).casefold()
        assert "south" in told
        assert not {"north", "fair"} & {*re.findall(r"\w+", told)}
    for area in ("north", "nowhere"):
        answer = client.get(f"/brief.pdf?area={area}")
        assert answer.status_code == 404
        assert {*answer.json()["near"]} == {"south", "south-1", "south-2"}


@pytest.mark.parametrize(
    ("question", "status", "detail"),
    [
        ("area=nort", 404, "No area 'nort'. Near: "),
        ("week=2031-W01", 404, "Issue 1 has no forecast of all of the week 2031-W01;"),
        ("week=soon", 422, "No ISO week 'SOON'; write year"),
    ],
)
def test_what_is_not_there_is_refused_in_words_and_not_answered_with_another_sheet(
    planner: Bench, question: str, status: int, detail: str
) -> None:
    answer = planner.client.get(f"/brief.pdf?{question}")
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail), answer.text
    seen = planner.client.get(f"/brief.pdf?{question}", headers={"Accept": "text/html"})
    assert seen.headers["content-type"].startswith("text/html")
    page = planner.client.get(f"/brief?{question}")
    assert page.status_code == status
    assert "Not shown:" in page.text


def test_a_sheet_is_kept_by_its_tag_and_bears_the_issues_time(planner: Bench) -> None:
    answer = planner.client.get(ASKED)
    again = planner.client.get(ASKED, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert 'filename="forewatch-brief-2026-W43-town.pdf"' in answer.headers["content-disposition"]
    read = PdfReader(io.BytesIO(answer.content))
    assert read.metadata is not None
    assert read.metadata.creation_date == pd.Timestamp("2026-10-12T07:30Z")
    assert planner.stranger.get(ASKED, follow_redirects=False).status_code == 303


def test_a_stale_issue_has_a_bar_on_the_sheet_too(planner: Bench) -> None:
    planner.now += pd.Timedelta(days=20)
    assert "⚠ Stale: the data are older than 8 days." in text(sheet(planner.client))


def test_without_an_issue_there_is_no_sheet(empty: Bench) -> None:
    for path in ("/brief", "/brief.pdf"):
        assert empty.refused(path, 503)["title"] == "No issue in service"


def test_a_force_without_plan_and_missing_persons_has_a_line_on_each(bench: Bench) -> None:
    told = text(sheet(bench.client))
    assert "No plan of officers was imported." in told
    assert "Missing persons" in told
    assert "No event, holiday or change in recording is known of this week." in told


def test_a_drawing_that_is_late_is_said_and_the_sheet_is_not_kept(planner: Bench) -> None:
    class Late(Drawings):
        def drawing(self, chart: Chart, look: Look, wait_seconds: float = 0.0) -> Drawing:
            raise DrawingUnavailable(f"{chart.kind}, {look}: not within {wait_seconds} s")

        def draw_ahead(self, charts: Any, looks: Any = ()) -> None:
            del charts, looks

    client = drawn(planner, Late())
    answer = client.get(ASKED)
    assert "The drawing wasn't made in time" in text(PdfReader(io.BytesIO(answer.content)))
    planner.now += pd.Timedelta(seconds=1)
    again = client.get(ASKED, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 200


def test_the_command_writes_what_the_route_sends(
    tmp_path: Path, make_issue: MakeIssue, drawings: Drawings
) -> None:
    bench = Bench(tmp_path)
    bench.issues().publish(make_issue())
    order = BriefOrder(tmp_path / "out" / "brief.pdf", WEEK, "town")
    assert write_brief(bench, order, bench.now) == f"wrote {order.out}"
    drawings.order(_bands(bench), Look("light", 360)).result(60)
    sent = drawn(bench, drawings).get(ASKED).content
    assert order.out.read_bytes() == sent
    with pytest.raises(SettingsError, match=r"is there already; give another name, or --force"):
        write_brief(bench, order, bench.now)
    with pytest.raises(ForewatchError, match="No area 'nort'"):
        brief_pdf(bench, replace(order, area="nort"), FIRST.tz_localize("UTC"))
