"""The command line, one file a command group. Heavy imports happen inside the commands.

main (where all are mounted, and `__main__`) · run · step · parameters (what these two share) ·
report · cost · traces (trace_show, trace_diff, trace_search, trace_stats, trace_tail, trace_wanted,
trace_otlp) · choosing (what its lists share) · lists · deposit · operate · doctor · gate · policy ·
paper · data · export · feeds · tools · model · mcp · lookahead.
What a person sees of them: output (the two streams) · bars (of progress) · run_view · step_lines ·
report_view · cost_view · list_view · life_view · operate_view · paper_view · data_view ·
tools_view.
Recorded plans under another policy: regate · regate_view · shadow_view.
Recorded decisions made again: replay · bundles.
"""
