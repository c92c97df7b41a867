"""Writing a sequence token by token: the best at each step, or beam search. NumPy alone; the model is a callable."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from attnviz.deadline import check
from attnviz.errors import InputError

#: Tokens listed at each step.
ALTERNATIVES = 10

#: How strongly long hypotheses are preferred in beam search (Wu et al. 2016, section 7, their α).
LENGTH = 0.6

#: A stretch of at most so many tokens, written so many times in a row and over so many tokens, is a loop.
LONGEST_PERIOD, REPEATED, LEAST_LOOP = 8, 4, 8

#: The last tokens of some hypotheses, and for each the row of the call before that it goes on from, to log
#: probabilities float `[hypothesis, vocabulary]` of what follows. The first call gets the start token and row 0.
Following = Callable[[Sequence[int], Sequence[int]], NDArray[np.floating]]


@dataclass(frozen=True)
class Choice:
    """One token.

    Attributes:
        token: Its id.
        log_probability: Nats.
        alternatives: The best tokens of this step with their log probabilities, best first; none that is never written.
        row: Which row of its call it was computed in.
    """

    token: int
    log_probability: float
    alternatives: tuple[tuple[int, float], ...]
    row: int = 0


@dataclass(frozen=True)
class Rules:
    """What is written, and when it ends.

    Attributes:
        start: Id of the token before the first.
        end: Id of the token after which nothing is written.
        longest: Most tokens.
        never: Ids that are not written unless given.
        bars: Of some ids those that are not written after them unless given.
    """

    start: int
    end: int
    longest: int
    never: Collection[int] = ()
    bars: Mapping[int, Collection[int]] = field(default_factory=dict)

    def barred(self, written: Sequence[int]) -> Collection[int]:
        """What is not written after these ids."""
        if not self.bars:
            return self.never
        return {*self.never, *(index for token in written for index in self.bars.get(token, ()))}


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn.

    Attributes:
        temperature: Logits are divided by it, above 0; 1 is the model's own.
        top_k: Only the most probable so many; 0: all.
        top_p: Of these, the fewest most probable ones that have this share of the probability, above 0 to 1; at
            least one (Holtzman et al. 2020, "nucleus sampling").
        seed: Of the draws. Each step has one of its own, whatever was drawn before.

    Raises:
        InputError: `bad_sampling`.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, sound, expected in (
            ("temperature", 0 < self.temperature < np.inf, "> 0"),
            ("top_k", self.top_k >= 0, "≥ 0"),
            ("top_p", 0 < self.top_p <= 1, "0 < p ≤ 1"),
            ("seed", self.seed >= 0, "≥ 0"),
        ):
            if not sound:
                received = str(getattr(self, name))[:40]
                raise InputError("bad_sampling", field=name, received=received, expected=expected)

    def shares(self, logs: NDArray[np.floating], never: Collection[int] = ()) -> NDArray[np.float64]:
        """Probabilities that are drawn from.

        Args:
            logs: Log probabilities float `[vocabulary]`, or logits.
            never: Ids that are not written.

        Returns:
            float64 `[vocabulary]`, summing to 1; 0 for what is cut off.

        >>> Sampling(top_k=2).shares(np.log([0.5, 0.3, 0.2])).round(3).tolist()
        [0.625, 0.375, 0.0]
        """
        values = _allowed(np.asarray(logs, np.float64), never)
        powers = np.exp((values - values.max()) / self.temperature)
        shares: NDArray[np.float64] = powers / powers.sum()
        order = np.argsort(-shares, kind="stable")
        kept = len(order) if self.top_k == 0 else min(self.top_k, len(order))
        if self.top_p < 1:
            within = shares[order[:kept]] / shares[order[:kept]].sum()
            kept = min(kept, int(np.searchsorted(np.cumsum(within), self.top_p - 1e-12)) + 1)
        shares[order[kept:]] = 0.0
        scaled: NDArray[np.float64] = shares / shares.sum()
        return scaled

    def drawn(self, logs: NDArray[np.floating], place: int, never: Collection[int] = ()) -> int:
        """The token drawn at a step; arguments as for `shares`."""
        shares = self.shares(logs, never)
        order = np.argsort(-shares, kind="stable")  # the same draw takes the same token where rounding differs
        at = np.random.default_rng((self.seed, place)).random()
        reached = int(np.searchsorted(np.cumsum(shares[order]), at, side="right"))
        return int(order[min(reached, int((shares > 0).sum()) - 1)])


def greedy(
    following: Following, rules: Rules, given: Sequence[int] = (), sampling: Sampling | None = None
) -> Iterator[Choice]:
    """The most probable token at each step, after those given; yielded as they are written.

    Ends with the end token, at the longest length, or when it `loops`.

    Args:
        following: The model.
        rules: What is written.
        given: Ids written first, whatever their probability.
        sampling: How tokens are drawn in the place of the most probable ones.
    """
    ids: list[int] = []
    token = rules.start
    for place in range(rules.longest):
        check()
        logs = following([token], [0])[0]
        best = alternatives(logs, rules.barred(ids))
        if place < len(given):
            token = given[place]
        else:
            token = best[0][0] if sampling is None else sampling.drawn(logs, place, rules.barred(ids))
        yield Choice(token, float(logs[token]), best)
        ids.append(token)
        if token == rules.end or (place >= len(given) and loops(ids)):
            return


@dataclass(frozen=True)
class _Hypothesis:
    written: tuple[Choice, ...] = ()
    total: float = 0.0

    @property
    def ids(self) -> list[int]:
        return [each.token for each in self.written]

    def and_then(self, written: Choice) -> _Hypothesis:
        return _Hypothesis((*self.written, written), self.total + written.log_probability)


def beam_search(
    following: Following, rules: Rules, width: int, given: Sequence[int] = (), length: float = LENGTH
) -> tuple[Choice, ...]:
    """The best sequence that is found when so many are kept in sight.

    Sequences are compared by their log probability over ((5 + tokens) / 6)^α. The search is over when `width` are
    finished, or when nothing unfinished can become better than the best of them.

    Args:
        following: The model.
        rules: What is written.
        width: Hypotheses kept.
        given: Ids that every sequence begins with.
        length: α; with 0 short sequences are preferred.

    Returns:
        The tokens of the best; a sequence without an end token only if none was finished.

    Source: Wu et al. 2016, "Google's Neural Machine Translation System", section 7.
    """
    live, done = [_Hypothesis()], list[_Hypothesis]()
    tokens, parents = [rules.start], [0]
    for place in range(rules.longest):
        check()
        logs = following(tokens, parents)
        if place < len(given):
            token = given[place]
            grown = [(live[0], 0, token)]
        else:
            grown = _best(live, logs, rules, 2 * width)
        best = {row: alternatives(logs[row], rules.barred(live[row].ids)) for row in {row for _, row, _ in grown}}
        live_now: list[_Hypothesis] = []
        tokens, parents = [], []
        for before, row, token in grown:
            after = before.and_then(Choice(token, float(logs[row, token]), best[row], row))
            if token == rules.end:
                done.append(after)
            elif len(live_now) < width:
                live_now.append(after)
                tokens.append(token)
                parents.append(row)
        if place >= len(given):
            kept = [index for index, each in enumerate(live_now) if not loops(each.ids)]
            if not kept and not done:
                return live_now[0].written
            live_now = [live_now[index] for index in kept]
            tokens, parents = [tokens[index] for index in kept], [parents[index] for index in kept]
        live = live_now
        if not live or len(done) >= width or (done and _settled(live, done, rules.longest, length)):
            break
    chosen = max(done, key=lambda each: score(each.total, len(each.written), length)) if done else live[0]
    return chosen.written


def score(total: float, tokens: int, length: float = LENGTH) -> float:
    """What hypotheses are compared by.

    Args:
        total: Sum of log probabilities, nats.
        tokens: How many, the end token counted.
        length: α.
    """
    return float(total / ((5 + tokens) / 6) ** length)


def alternatives(
    logs: NDArray[np.floating], never: Collection[int] = (), count: int = ALTERNATIVES
) -> tuple[tuple[int, float], ...]:
    """The most probable ids and their log probabilities, best first, without those that are never written."""
    logs = _allowed(logs, never)
    count = min(count, int(np.isfinite(logs).sum()))
    top = np.argpartition(-logs, count - 1)[:count]
    top = top[np.lexsort((top, -logs[top]))]
    return tuple((int(index), float(logs[index])) for index in top)


def loops(ids: Sequence[int]) -> bool:
    """Whether the sequence ends in a stretch that it repeats again and again."""
    for period in range(1, LONGEST_PERIOD + 1):
        span = max(REPEATED * period, LEAST_LOOP)
        span += -span % period
        if len(ids) >= span:
            tail = list(ids[-span:])
            if tail[period:] == tail[:-period]:
                return True
    return False


def log_softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Log probabilities over the last axis, float64."""
    values = logits.astype(np.float64)
    values -= values.max(axis=-1, keepdims=True)
    result: NDArray[np.float64] = values - np.log(np.exp(values).sum(axis=-1, keepdims=True))
    return result


def _best(
    live: Sequence[_Hypothesis], logs: NDArray[np.floating], rules: Rules, count: int
) -> list[tuple[_Hypothesis, int, int]]:
    allowed = np.stack([_allowed(row, rules.barred(each.ids)) for each, row in zip(live, logs, strict=True)])
    totals = np.array([each.total for each in live])[:, None] + allowed
    flat = totals.ravel()
    count = min(count, int(np.isfinite(flat).sum()))
    top = np.argpartition(-flat, count - 1)[:count]
    top = top[np.lexsort((top, -flat[top]))]
    rows, tokens = np.unravel_index(top, totals.shape)
    return [(live[row], int(row), int(token)) for row, token in zip(rows, tokens, strict=True)]


def _allowed(logs: NDArray[np.floating], never: Collection[int]) -> NDArray[np.floating]:
    if never:
        logs = logs.copy()
        logs[..., list(never)] = -np.inf
    return logs


def _settled(live: Sequence[_Hypothesis], done: Sequence[_Hypothesis], longest: int, length: float) -> bool:
    """Log probabilities only fall: at best an unfinished sequence keeps its own, over the largest divisor."""
    best = max(score(each.total, len(each.written), length) for each in done)
    return best >= max(score(each.total, longest, length) for each in live)
