"""Where market data comes from, all behind `market.protocol.MarketSource`.

open (from a name to a source) · recorded (what box, files, synthetic share) · box · files · csv_table ·
funding · synthetic, synthetic_history, synthetic_book · exchange, exchange_client, exchange_history,
exchange_market (ccxt) · data/ (the candles that are shipped).
"""
