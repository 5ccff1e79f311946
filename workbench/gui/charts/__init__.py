"""Charts: each draws itself, knows its numbers as a table, and can be exported as PNG, SVG and CSV."""
