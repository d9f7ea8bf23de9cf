"""Where market data comes from, all behind `market.protocol.MarketSource`.

open (from a name to a source) · data/ (the candles that are shipped).
On record: recorded (what box, files, store and synthetic share) · funding · box · files
(csv_table) · stored · synthetic (synthetic_book, synthetic_history) · scripted (written by hand) ·
tampered (without a future).
An exchange, by ccxt: exchange, or exchange_streamed where prices stream (exchange_stream,
exchange_minutes) · exchange_client (exchange_wire, exchange_errors) · exchange_market (its tables
to our values) · exchange_archive over exchange_history, exchange_funding and exchange_interest
(exchange_stamps) · exchange_flow · exchange_venue · exchange_listing · exchange_probe (a look
beforehand).
Several exchanges: chain (chain_link).
Stocks: ib · ib_gateway · ib_market · ib_history (ib_filling) · ib_shares.
"""
