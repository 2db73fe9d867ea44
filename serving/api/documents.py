"""What the OpenAPI document says beside the schemas: examples, statuses, and the allowed use."""

from __future__ import annotations

from typing import Any, NamedTuple

from forewatch.frozen import Frozen
from planning import uses
from planning.missing import DEMAND
from planning.tables import column_descriptions
from serving import problems
from serving.answers import EXPLANATIONS, FORECASTS, MISSING_PERSONS, Offer
from serving.api import answer_schemas, media
from serving.api.schemas import Problem

VERSION = "1.0.0"  # of the interface: the first number stands in every path

ABOUT = """Forecasts of police demand by area and time, from numbered issues that never change.

**Allowed use.** Forecasts are for areas and windows of time: to plan shifts, staffing and cover.
They say nothing about persons. They must not be used to score, rank, identify or select a person,
nor as a reason for suspicion, stop or search. Nothing about persons goes in or comes out.

**Reading an answer.** Each says which issue it is from, its origin and data cut-off, and carries a
`state` on each row. Unknown is `null` (empty in CSV), never 0. Quantiles of parts do not add up to
the quantile of their total: ask for the total. Each row names its baseline and the noise floor,
the error that chance alone leaves a perfect forecast.

**Freshness.** A row is `stale` where what was observed of its own area and call type ended longer
ago than the force allows; `observed_until` and `reason` tell when and why. An answer from an issue
that is not the one in service says so: `superseded_by`, `withdrawn` (with the reason), `draft`.

**Asking again.** Send the `ETag` of the last answer as `If-None-Match`: while nothing changed the
answer is 304 without a body. The headers `Forewatch-Issue-Age-Hours` and `Forewatch-Data-Age-Hours`
come with either.

**Areas.** A key may be for some areas: what lies outside is answered like what isn't there (404),
the tree of `/v1/areas` is the part within, and a question that names no area is about each of the
highest areas within. For a key without such a limit that is the whole force, as one.

**Problems** are `application/problem+json` (RFC 9457); an unknown name comes with the near ones."""

ABOUT_FORECASTS = """Rows in the order areas × call types × grades × periods, a page at a time.

Give `week`, or `from` and `to`. A period belongs to the span in which it begins, and is whole. The
address in `next` (and in the `Link` header) stays with the issue that the first page was from.
Beyond the issue's horizon rows have the state `no_forecast` and no numbers.

For missing persons ask `/v1/missing-persons`: likelihoods, officer-hours and bands by the model
made for them. The rows here are of the model of all calls."""

ABOUT_EXPLANATIONS = """The rows of `/v1/forecasts`, with the mean split into parts in calls.

The parts of a row add up to its mean (to the last decimal shown), and parts of hours, areas, call
types and grades add up to those of their totals. They say what the forecast would be like without a
reason, not what caused a call. A part may be negative. Issues published before explanations were
kept have none (404)."""

ABOUT_VIEW = """The answer to a question that the force keeps under a name, with columns of its own.

It has the rows of `/v1/forecasts`, `/v1/explanations` or `/v1/missing-persons`, whichever the view
asks, and the same limits, states and errors. A view is asked as it stands: only time (`week`, or
`from` and `to`), `issue`, `limit`, `offset` and `format` may be said, and take the place of its
own. Where it says no time, it is about the next week. For a key of some areas a view that asks for
others is like one that isn't there (404)."""

ABOUT_EXPORT = """Tidy tables, one file each, and `manifest.json`, which says where they come from.

Calls by area of the modelled level, type and hour or day; by smallest area and day; totals with
bands of their own; reasons; missing-person demand; officers by shift beside the plan, for a key
with the scope `rota:read`; areas, call types, notes. The manifest has each table's columns with
unit and meaning, and what was left out and why. Each row has the number of the issue, so that
several issues can be put together. For a key of some areas it is about these alone.

The file is sent while it is made: one that ends early has no directory and can't be opened. One
export of a key is made at a time. Send the `ETag` of the last one: while nothing changed the
answer is 304."""

ABOUT_MISSING = """Missing-person demand by area and shift, force-day or week, in the order asked.

Rows are areas × periods, a page at a time; nothing ranks areas.

Expected reports and the probability of at least k, with the area's climatology beside them; the
officer-hours that the window's own reports bring, and those that land in it after earlier reports
too; the probability that more land than are kept free, as a band. A band says `not calibrated`
where past forecasts of such areas and windows were not judged, or proved wrong.

Small areas are pooled: of their reports only the sum over the pool was ever learned, and `pooled`
names the pool's areas in each of their rows. No parameter takes anything about a person: one that
would is refused by its name."""

_ORIGIN = {
    "issue": 12,
    "origin": "2026-11-23T07:00:00Z",
    "data_until": "2026-11-23T07:00:00Z",
    "published_at": "2026-11-23T08:14:03Z",
    "horizon": {"start": "2026-11-23T07:00:00Z", "end": "2027-02-22T07:00:00Z"},
    "model_version": "7",
    "models": {"boosting": "lightgbm 4.7", "sarima": "statsmodels 0.15"},
    "data_version": "calls@31",
    "zone": "Europe/London",
    "by": "week",
    "notes": [],
    "superseded_by": 13,
    "withdrawn": "",
    "draft": False,
    "total_rows": 9,
    "limit": 1,
    "offset": 0,
}
_DEMAND = {
    "model_version": "3",
    "models": {"missing-persons": "3"},
    "uses": uses.USES,
    "cases": {
        "mean_hours": 13.0,
        "hours_cv": 1.5,
        "hours_shape": "lognormal",
        "release": [0.772, 0.104, 0.059, 0.032, 0.018, 0.01, 0.005],
    },
    "bands": {"may_be_short": 0.2, "short": 0.5},
    "calibration": [{"level": "district", "window": "week", "uncalibrated": ""}],
}


def _as_csv(row: dict[str, Any]) -> str:
    return ",".join(row) + "\r\n" + ",".join(str(value) for value in row.values()) + "\r\n"


_TAG = {"description": "strong entity tag of the answer", "schema": {"type": "string"}}
_PLAIN = {"type": "string"}
_AGES = {
    "Forewatch-Issue": {"description": "number of the issue", "schema": _PLAIN},
    "Forewatch-Issue-Age-Hours": {"description": "hours since publication", "schema": _PLAIN},
    "Forewatch-Data-Age-Hours": {"description": "hours since the data cut-off", "schema": _PLAIN},
}

# The forms of a table beside JSON.
FILES: dict[str, Any] = {
    media.CSV: {"schema": _PLAIN},
    media.XLSX: {"schema": {"type": "string", "format": "binary"}},
}

PAGE_HEADERS = {"ETag": _TAG, "Link": {"description": "next page", "schema": _PLAIN}, **_AGES}
HAD = {"description": "The client has this answer", "headers": {"ETag": _TAG, **_AGES}}

Responses = dict[int | str, dict[str, Any]]


def problem_response(
    said: str, slug: str, title: str, status: int, **more: object
) -> dict[str, Any]:
    """Return the description of a problem response with an example."""
    example = problems.problem_document(status, slug, title, said) | more
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": title, "content": {problems.MEDIA_TYPE: content}}


_UNAUTHORIZED = problem_response(
    "the API key is not known here, or was revoked; ask for a new one",
    "access",
    "A good API key is needed",
    401,
)
_UNAUTHORIZED["headers"] = {"WWW-Authenticate": {"schema": _PLAIN}}
_FORBIDDEN = problem_response(
    "the API key 'rota' lacks the scope models:read; it has forecasts:read",
    "missing-scope",
    "The API key lacks the scope",
    403,
)
EVERY: Responses = {  # of each route, whoever asks
    400: problem_response(
        "the request names no host; send one Host header with a name or an address",
        "bad-host",
        "Bad Request",
        400,
    ),
    414: problem_response(
        "the query has 9000 bytes, at most 8192 are read; ask less",
        "uri-too-long",
        "Request-URI Too Long",
        414,
    ),
    421: problem_response(
        "this service doesn't go by the name in the Host header; ask it by its own name, or add "
        "the name to [serving] hosts",
        "misdirected",
        "Misdirected Request",
        421,
    ),
    422: problem_response(
        "age: nothing about a person can be asked for here, and nothing is known; forecasts are of "
        "areas and times only: ask by area, week and period",
        "about-persons",
        "Nothing about persons is taken",
        422,
    ),
}
_LIMITED = problem_response(
    "4 questions of this key are being answered; wait for one of them, then ask again",
    "limit-reached",
    "The key has reached a limit",
    429,
)
_LIMITED["description"] += "; likewise where too many keys of one address were refused"
_LIMITED["headers"] = {"Retry-After": {"description": "seconds", "schema": _PLAIN}}
KEYED: Responses = {
    **EVERY,
    401: _UNAUTHORIZED,
    403: _FORBIDDEN,
    429: _LIMITED,
    503: problem_response(
        "no issue published yet; run 'forewatch issue'", "no-issue", "No issue in service", 503
    ),
}
READ: Responses = {
    **KEYED,
    304: {"description": "The client has this answer", "headers": {"ETag": _TAG}},
    406: problem_response(
        "the answer comes as application/json; the request accepts 'text/html'",
        "not-acceptable",
        "Not Acceptable",
        406,
    ),
}
_UNKNOWN = problem_response(
    "no area 'bristl'; near names: bristol",
    "unknown-area",
    "No such area",
    404,
    near=["bristol"],
)
_BAD = problem_response(
    "no ISO week '2026-W60'; write year and week like 2026-W49 (W01 to W52 or W53)",
    "bad-question",
    "The question can't be answered",
    422,
    near=["2026-W50"],
)
FOUND: Responses = {**READ, 404: _UNKNOWN, 422: _BAD}


def table_responses(model: type[Frozen]) -> Responses:
    """Return the responses of a list that comes as a document, and as a table in other forms."""
    page = {
        "description": "The list",
        "headers": {"ETag": _TAG, "Link": PAGE_HEADERS["Link"]},
        "model": model,
        "content": FILES,
    }
    return {**READ, 422: _BAD, 200: page}


class About(NamedTuple):
    """What the document says of a route that answers with pages of rows."""

    tag: str
    summary: str
    description: str
    responses: Responses


def _about(offer: Offer, tag: str, summary: str, description: str) -> About:
    """Return what is said of an offer; the examples are made from its columns."""
    kind = offer.kind
    columns = kind.columns((0.05, 0.5, 0.95), (1,) if kind is DEMAND else (), ())
    row = {each.name: each.example for each in columns}
    following = "area=district&by=week&issue=12&limit=1&offset=1&week=2026-W49"
    document = {
        **_ORIGIN,
        **(_DEMAND if kind is DEMAND else {}),
        "unit": kind.unit,
        "columns": column_descriptions(columns),
        "next": f"{offer.path}?{following}",
        "rows": [row],
    }
    page = {
        "description": "A page of rows",
        "headers": PAGE_HEADERS,
        "model": answer_schemas.ANSWERS[offer.name],
        "content": {
            "application/json": {"example": document},
            **FILES,
            media.CSV: {"schema": _PLAIN, "example": _as_csv(row)},
        },
    }
    return About(tag, summary, description, {**FOUND, 200: page, 304: HAD})


ANSWERS = {
    FORECASTS.name: _about(
        FORECASTS,
        "forecasts",
        "Expected calls, quantiles and baseline",
        ABOUT_FORECASTS,
    ),
    EXPLANATIONS.name: _about(
        EXPLANATIONS,
        "forecasts",
        "What the expected calls are made of",
        ABOUT_EXPLANATIONS,
    ),
    MISSING_PERSONS.name: _about(
        MISSING_PERSONS,
        "missing persons",
        "Missing-person demand: reports and hours by area and window",
        f"{ABOUT_MISSING}\n\n**Allowed.** {uses.ALLOWED}\n\n**Forbidden.** {uses.FORBIDDEN}",
    ),
}
VIEW = About(
    "views",
    "The answer to a view",
    ABOUT_VIEW,
    {
        **FOUND,
        200: {
            "description": "A page of rows",
            "headers": PAGE_HEADERS,
            "model": answer_schemas.VIEW,
            "content": FILES,
        },
        304: HAD,
        404: problem_response(
            "no view 'controlroom'; near names: control-room",
            "unknown-view",
            "No such view",
            404,
            near=["control-room"],
        ),
    },
)
EXPORT: Responses = {
    **FOUND,
    200: {
        "description": "The archive",
        "headers": {
            "ETag": _TAG,
            "Content-Disposition": {"description": "a name for the file", "schema": _PLAIN},
            **_AGES,
        },
        "content": {media.ZIP: {"schema": {"type": "string", "format": "binary"}}},
    },
    304: HAD,
    404: problem_response(
        "no issue 99; the latest is 12, the first 1", "unknown-issue", "No such issue", 404
    ),
    422: problem_response(
        "the export is expected to cost 310000 units, at most 200000 are spent on one ([serving] "
        "max_export_cost); ask with a key for some areas, or run 'forewatch export' beside the "
        "service",
        "too-costly",
        "The question asks for too much",
        422,
    ),
}
READY: Responses = {
    **EVERY,
    503: problem_response(
        "no issue published yet; run 'forewatch issue'",
        "not-ready",
        "Not ready",
        503,
        reasons=["no issue published yet; run 'forewatch issue'"],
    ),
}
SCHEMAS = {"Problem": Problem.model_json_schema(ref_template="#/components/schemas/{model}")}
