"""Files that the workbench carries: models, their recipe, the sample project, icons and templates."""

from importlib import resources as _resources
from pathlib import Path


def path(*parts: str) -> Path:
    """The path of a carried file or folder, for example ``path("models", "tiny-teacher")``.

    Raises:
        FileNotFoundError: nothing of that name is carried (a broken installation).
    """
    found = Path(str(_resources.files(__name__))).joinpath(*parts)
    if not found.exists():
        raise FileNotFoundError(found)
    return found
