"""Jobs: what they are told (specs), what they say (events), the child that runs them, and who watches over it.

``python -m workbench.jobs`` is the child; ``supervisor.Host`` starts it and watches over it. Neither knows Qt nor SQL.
"""
