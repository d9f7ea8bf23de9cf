"""What is told about the market beside its prices: news, sentiment, other markets.

protocol (the seams) · spec (what a file names) · open (from a spec to feeds).
On the way in: fetch (the one way out) · api_answer · markup_bounds (what is parsed at all) ·
plain_text (what becomes of a stranger's text) · item (an article) · sightings (when it was first
seen).
One file a feed: rss · coindesk · coingecko · fear_greed · daily; live is what those of the network
share.
For tools: relevance · stories · risk_appetite.
Lived again: record · recorded · tampered (without a future).
"""
