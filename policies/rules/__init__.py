"""The controls, one small file a family; each rule is a function that returns one finding.

integrity (numbers, symbol, side, repetition, age) · freshness (clock, quote, book, candle,
funding) · volatility · quote (crossed book, spread, movement since the decision) · levels (stop and
target sides, stop distance) · reward · risk · funding · liquidity (depth, slippage) · size ·
exposure · account (positions, trades, daily loss, confidence). A rule on the case alone takes
`(case)`, one on the bracket `(case, bracket)`. Each docstring gives code, formula, unit, default
and reason.
"""
