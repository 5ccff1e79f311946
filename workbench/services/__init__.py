"""Use cases: they read the database, start jobs, write results, and return what changed.

Every function here is plain and synchronous and runs on the project's one database lane (see lane.py); the window
never calls one on its own thread.
"""
