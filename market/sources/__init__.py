"""Where market data comes from, all behind `market.protocol.MarketSource`.

open (from a name to a source) · recorded (what box, files and synthetic share) · funding · box ·
files · csv_table · synthetic, with its history and book · exchange (ccxt), with its client,
archive, history, funding and market · stored (the market store, offline) · data/ (the candles that
are shipped).
"""
