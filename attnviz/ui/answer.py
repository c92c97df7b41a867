"""What is on the stage, in one sentence: said aloud where it changes."""

from __future__ import annotations

from attnviz.figures.numbers import approx, percent
from attnviz.trace import Classification, Written
from attnviz.ui.context import Context


def answer(context: Context) -> str:
    """The answer, and what has most weight in the row that is looked at; empty where no sentence could be run."""
    if context.selected is None:
        return ""
    output, row = context.trace.output, context.focus.row(context.trace)
    token = context.focus.keys(context.trace).tokens[int(row.argmax())]
    heaviest = context.t("access.heaviest", token=token, weight=approx(float(row.max())))
    if isinstance(output, Classification):
        share = percent(float(output.probabilities[output.predicted]))
        return f"{context.t('access.answer', answer=context.names[output.predicted], share=share)} {heaviest}"
    if isinstance(output, Written):
        return context.t("access.written", text=output.text)
    return heaviest
