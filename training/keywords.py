"""The keyword baseline: the first rule whose word stands in the prompt names its kind."""

from __future__ import annotations

import re

from rolecall.types import Kind

_RULES: tuple[tuple[Kind, str], ...] = (
    ("review", r"\b(?:review|audit|what could go wrong)"),
    ("architecture", r"\b(?:architect|design|plan|approach|trade-?off|strategy)"),
    ("refactor", r"\b(?:refactor|restructure|migrate|split)"),
    ("tests", r"\b(?:unit ?tests?|tests?|coverage)\b"),
    ("docs", r"\b(?:readme|docs?|documentation|comment|changelog|commit message)\b"),
    ("debugging", r"\b(?:why|debug|sometimes|investigate|root cause|randomly)\b"),
    ("fix", r"\b(?:fix|error|bug|fails?|failing|broken|crash|exception|not work)"),
    (
        "transform",
        r"\b(?:rename|move|change|remove|delete|format|run|commit|push|install|update)\b",
    ),
    ("implement", r"\b(?:add|create|implement|build|write|make)\b"),
    ("question", r"\?|^(?:what|how|where|which|can|does|is)\b"),
)


def by_keywords(prompt: str) -> Kind:
    """Rules are tried in this order; a prompt that meets none is a follow-up."""
    text = prompt[:1_000].lower()
    return next((kind for kind, pattern in _RULES if re.search(pattern, text)), "followup")
