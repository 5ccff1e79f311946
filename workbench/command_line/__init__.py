"""The commands of ``workbench``: each a function of the parsed arguments that returns what to print.

The parser is in workbench/cli.py; a command's module is imported only when that command runs.
"""
