"""The words of the house: frozen, pure values that every other room speaks in.

errors · numbers · strict_json · outside_text (strangers' words) · clock · trading_hours ·
instrument · quality (what was wrong with data) · candles · book · snapshot · condition (when a plan
is wrong) · equation (where a number comes from) · plan · finding · verdict · orders · lifecycle ·
trade · spending (on models). Imports nothing of ours, reads no clock, no network, no disk.
"""
