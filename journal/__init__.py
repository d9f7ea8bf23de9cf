"""The book of record: what was approved, sent, filled and earned, in exact decimals.

tables · ledger (pure fold of fills and funding) · trades (pure fold into round trips) · metrics ·
rows · reading (reports) · books (one session, writing) · batch · standing (before the gate).
"""
