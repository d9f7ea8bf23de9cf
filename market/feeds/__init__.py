"""What is told about the market beside its prices: news, sentiment, other markets.

`protocol` the seams · `plain_text` what becomes of a stranger's text · `fetch` the one way out ·
one file per feed · `recorded` what was seen, replayed · `open` from a file of names to feeds.
"""
