"""The recipes: experiments that compare contestants."""
