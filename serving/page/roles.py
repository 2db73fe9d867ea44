"""The role whose officers a view tells: asked in its address, the force's first unless told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from serving.page.page_frame import Choice, Complaint, Link, Option
from serving.page.page_question import PageQuestion

ROLE = "role"


def asked_role(asked: PageQuestion, question: Mapping[str, str]) -> tuple[str, PageQuestion]:
    """Return the role that an address asks for, and what is asked with what is wrong with it.

    Args:
        asked: by the view's address.
        question: the parameters of the address.
    """
    text, roles = question.get(ROLE, ""), asked.issue.profile.staffing.role_ids
    if not text or text in roles:
        return text or roles[0], asked
    near = tuple(Link(role, asked.address(role=role)) for role in roles)
    complaint = Complaint(f"No role {text!r}.", near, 404)
    return roles[0], replace(asked, complaints=(*asked.complaints, complaint))


def role_choices(asked: PageQuestion, role: str) -> tuple[Choice, ...]:
    """Return the choice of a role; none where there is one only."""
    roles = asked.issue.profile.staffing.role_ids
    options = tuple(Option(each, each.replace("_", " "), each == role) for each in roles)
    return (Choice(ROLE, "Role", options),) if len(roles) > 1 else ()
