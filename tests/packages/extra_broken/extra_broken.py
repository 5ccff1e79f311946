"""A package that cannot be imported: what it stands on is not there."""

import a_library_that_is_not_installed  # type: ignore[import-not-found]

STRATEGY = JUDGE = FORMAT = a_library_that_is_not_installed.anything
