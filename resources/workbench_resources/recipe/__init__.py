"""How the tiny models and the sample project are made, from a seed.

``python -m resources.recipe --help`` lists the commands. Nothing here is imported by the workbench itself.
"""
