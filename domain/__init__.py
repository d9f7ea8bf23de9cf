"""The words of the house: frozen, pure values that every other room speaks in.

errors · numbers · strict_json · clock · instrument · candles · book · snapshot · plan · verdict ·
orders · lifecycle · trade. Imports nothing of ours, reads no clock, no network, no disk.
"""
