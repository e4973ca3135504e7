"""`report.txt`: the draft report as plain text."""

from __future__ import annotations

from textwrap import fill

from bonescan.core.findings import Analysis

WIDTH = 96


def report_text(analysis: Analysis) -> str:
    """Lay out the draft report as plain text of at most 96 columns, ending in a line break."""
    model, found = analysis.model, analysis.metastasis
    probability, threshold = found.shown
    sections = [
        ("", [f"WHOLE-BODY BONE SCINTIGRAPHY: DRAFT REPORT ({analysis.report.kind})", analysis.disclaimer]),
        ("STUDY", [analysis.name, f"Study Instance UID: {analysis.study.study_instance_uid or 'not known'}"]),
        ("DESCRIPTION", analysis.report.description.splitlines()),
        ("IMPRESSION", analysis.report.impression.splitlines()),
        (
            "MODEL",
            [
                f"{model.name} {model.version}, pipeline {model.pipeline}, SHA-256 {model.sha256[:16]}",
                f"{found.quantity.capitalize()} of metastasis {probability}, threshold {threshold}",
            ],
        ),
    ]
    blocks = []
    for heading, paragraphs in sections:
        body = "\n".join(fill(p, WIDTH, break_long_words=True, break_on_hyphens=False) for p in paragraphs)
        blocks.append(f"{heading}\n{body}" if heading else body)
    return "\n\n".join(blocks) + "\n"
