"""The book of record: what was approved, sent, filled and earned, in exact decimals.

Folds, pure: ledger (the account) · trades (round trips) · paths · metrics · trade_facts.
Rows: tables · plan_tables · paper_tables · spending_tables · rows.
One session's record, each the base of the next: reading · plan_reading · recent · walked · writing
· plan_writing · books (`Journal`); with batch, entry, continuing, fence, peaks.
Before the gate: standing (the account) · held · dust · send_checks (once more at send).
Before a model: memory · last_denial · spending (its money; spending_reading). An operator's word:
operator · kill_switch.
"""
