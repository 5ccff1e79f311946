"""The chance that a race dropped the best: what the dropped would have scored, told from what everybody was asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.statistics.intervals import Floats

FACTORS = 6                          # ways in which questions differ for the candidates
DRAWS = 2_000
_PASSES = 25                         # of expectation maximisation
_STRENGTH = 4.0                      # questions' worth of weight of the usual noise in a candidate's own


def chance_of_another_winner(scores: Floats) -> float:
    """The probability that on all questions one of those dropped would pass the best of those that were asked all.

    ``scores`` ``(candidates, questions)``, in the order in which the questions were asked, is NaN where a candidate was
    not asked any more. A score is taken to be the question's mean over the finalists, plus the candidate's own level,
    plus what it owes to the finalists' leading components over the questions, plus noise. Level and loadings of a
    candidate are Gaussian around those of all candidates; that prior and the noise are estimated by expectation
    maximisation (factor analysis with monotone missing values: Little & Rubin, "Statistical Analysis with Missing
    Data", 2002, chapters 7 and 11). What has decided who was dropped is among the data, so that it needs no correction.
    Errors of two candidates are drawn as alike as their deviations on the questions that both were asked: an unlucky
    start drops several good ones together.

    About right on average (`make bench-racing`: 0.3 to 0.4 stated where 0.25 to 0.4 was seen, 0.02 where 0 was), where
    adding up the candidates' chances one by one is far too large; it says little about which of two races went wrong.
    """
    asked = np.isfinite(scores).sum(axis=1)
    whole = asked == scores.shape[1]
    if whole.all():
        return 0.0
    best = scores[whole].sum(axis=1).max()
    mean, error = _totals(scores, asked, whole)
    own = np.where(np.isfinite(scores), scores - np.nanmean(scores, axis=1, keepdims=True), 0.0)
    own = own - np.where(np.isfinite(scores), np.nanmean(own[whole], axis=0), 0.0)
    alike = own[~whole] / np.maximum(np.linalg.norm(own[~whole], axis=1, keepdims=True), 1e-12)
    # A generator of its own: the number is for a report, and the same scores always give the same one.
    drawn = alike @ np.random.default_rng(0).normal(size=(scores.shape[1], DRAWS))
    return float(((mean[~whole, None] + error[~whole, None] * drawn).max(axis=0) > best).mean())


def _totals(scores: Floats, asked: NDArray[np.int64], whole: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """For each candidate the expected sum over all questions, and its standard deviation."""
    level = scores[whole].mean(axis=0)
    factors = _factors(scores[whole] - level)
    loadings, spread, noise = _fitted(scores - level, factors, asked)
    to_come = np.stack([factors[count:].sum(axis=0) for count in asked])
    mean = np.nansum(scores, axis=1) + [level[count:].sum() for count in asked] + (loadings * to_come).sum(axis=1)
    variance = np.einsum("cp,cpq,cq->c", to_come, spread, to_come) + (len(level) - asked) * noise
    return mean, np.sqrt(variance)


def _factors(finalists: Floats) -> Floats:
    """``(questions, 1 + FACTORS at most)``: a constant, and the leading components of the finalists' deviations."""
    deviations = finalists - finalists.mean(axis=1, keepdims=True)
    count = min(FACTORS, max(0, len(finalists) - 2))
    components = np.linalg.svd(deviations, full_matrices=False)[2][:count]
    questions = finalists.shape[1]
    return np.column_stack([np.ones(questions), components.T * np.sqrt(questions)])


def _fitted(deviations: Floats, factors: Floats, asked: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Each candidate's posterior of the loadings, mean and covariance, and the variance of its noise."""
    candidates, width = len(deviations), factors.shape[1]
    scale = float(np.nanvar(deviations)) + 1e-12
    prior_mean, prior = np.zeros(width), np.eye(width) * scale
    noise = np.full(candidates, scale / 2)
    mean, spread, left = np.zeros((candidates, width)), np.zeros((candidates, width, width)), np.zeros(candidates)
    for _ in range(_PASSES):
        precision = np.linalg.inv(prior)
        for count in np.unique(asked):
            rows, seen = np.flatnonzero(asked == count), factors[:count]
            told, gram = deviations[rows, :count], seen.T @ seen
            spread[rows] = np.linalg.inv(gram / noise[rows, None, None] + precision)
            pull = told @ seen / noise[rows, None] + precision @ prior_mean
            mean[rows] = np.einsum("cpq,cq->cp", spread[rows], pull)
            left[rows] = ((told - mean[rows] @ seen.T) ** 2).sum(axis=1) + np.einsum("pq,cqp->c", gram, spread[rows])
        prior_mean = mean.mean(axis=0)
        apart = mean - prior_mean
        prior = (apart.T @ apart + spread.sum(axis=0)) / candidates + 1e-9 * scale * np.eye(width)
        noise = (left + _STRENGTH * np.median(left / asked)) / (asked + _STRENGTH) + 1e-9 * scale
    return mean, spread, noise
