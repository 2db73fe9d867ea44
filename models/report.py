"""The report of a training, for people: what was judged, how well, what the gate says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.subject_model import SubjectModel
from models.verdict import Verdict


@dataclass(frozen=True)
class Report:
    """What is told of a training, the gate's verdict apart.

    Args:
        title: of the page.
        about: paragraphs below it.
        sections: what stands below each heading, in Markdown.
        files: other files that the page shows or that stand beside it, by name.
    """

    title: str
    about: tuple[str, ...]
    sections: Mapping[str, str]
    files: Mapping[str, str]

    def texts(self, verdict: Verdict, notes: Sequence[str] = ()) -> dict[str, str]:
        """Return every text by file name: report.md, pictures, tables."""
        sections = {
            f"The gate says {'yes' if verdict.passed else 'no'}": bullets(verdict.reasons),
            **self.sections,
            **({"Notes": bullets(notes)} if notes else {}),
        }
        parts = [f"# {self.title}", *self.about]
        parts += [f"## {heading}\n\n{text}" for heading, text in sections.items()]
        return {"report.md": "\n\n".join(parts) + "\n", **self.files}


def origin_of(model: SubjectModel) -> str:
    """Return a sentence on what a model was trained on."""
    return (
        f"Trained on what was known at {model.fitted_at_}, data {model.data_version_ or '—'}, "
        f"recipe {model.recipe.fingerprint()}."
    )


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """Return a list in Markdown."""
    return "\n".join(f"- {line}" for line in lines)
