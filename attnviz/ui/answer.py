"""What is on the stage, in one sentence: said aloud where it changes."""

from __future__ import annotations

from attnviz.analysis import filling
from attnviz.figures.numbers import approx, percent
from attnviz.trace import Classification, Filled, Written
from attnviz.ui.context import Context

#: Answers said of a sentence with several masks.
MAX_MASKS = 3


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
    if isinstance(output, Filled):
        said = (
            context.t("access.answer", answer=token, share=percent(share))
            for token, share in filling.best(output, 1 if len(output.positions) == 1 else MAX_MASKS)
        )
        return " ".join([*said, heaviest])
    if isinstance(output, Written):
        return context.t("access.written", text=output.text)
    return heaviest
