"""Commands on a project's models."""

from __future__ import annotations

from argparse import Namespace

from workbench.command_line.opening import first, on_lane, pick
from workbench.command_line.output import Output, table
from workbench.errors import WorkbenchError
from workbench.services.models import ModelInfo
from workbench.services.project import Project


def list_(options: Namespace) -> Output:
    found = on_lane(options.project, lambda p: p.models.all(), read_only=True)
    rows = [(one.ref.id, "*" if one.current else "", one.ref.name, one.state,
             one.facts.parameters if one.facts else None, one.facts.context if one.facts else None, one.ref.path)
            for one in found]
    return Output(found, table(rows, ("id", "current", "name", "state", "parameters", "context", "path")))


def add(options: Namespace) -> Output:
    changes = on_lane(options.project, lambda p: p.models.register(options.path.absolute(), options.name))
    return Output({"model_id": changes.created[0] if changes.created else None}, changes.label)


def use(options: Namespace) -> Output:
    def work(project: Project) -> ModelInfo:
        model = find_model(project, options.model)
        assert model.ref.id is not None
        project.models.set_current(model.ref.id)
        return model

    model = on_lane(options.project, work)
    return Output({"model_id": model.ref.id}, f"{model.ref.name} is the current model.")


def find_model(project: Project, wanted: str | None) -> ModelInfo:
    """By id or name; by default the current one. Raises WorkbenchError."""
    models = project.models.all()
    current = [model for model in models if model.current] or models
    if not models:
        raise WorkbenchError("The project has no model.", remedy="Add one: workbench models add PROJECT FOLDER")
    return pick(current if wanted is None else models, wanted, "model", lambda m: m.ref.id, lambda m: m.ref.name, first)
