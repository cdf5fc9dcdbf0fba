"""The command line's page, from the parser that the commands are read by."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from evalkit import cli, errors
from pages.rst import code, escaped, joined, section, table

_FORMS = {Path: "PATH", list[Path]: "PATH", int: "NUMBER", float: "NUMBER"}


class Commands(SphinxDirective):
    """`.. commands::`: every command with its arguments, options and defaults."""

    def run(self) -> list[nodes.Node]:
        """One section for each command."""
        root = typer.main.get_command(cli.app)
        parts = [part for path, command in commands_of(root) for part in _about(path, command)]
        return self.parse_text_to_nodes(joined(parts), allow_section_headings=True)


class ExitCodes(SphinxDirective):
    """`.. exit-codes::`: which error ends a command with which code."""

    def run(self) -> list[nodes.Node]:
        """One row for each kind of error."""
        kinds = sorted(errors.EvalkitError.__subclasses__(), key=lambda kind: kind.exit_code)
        rows = [
            (str(kind.exit_code), f"``{kind.__name__}``", " ".join((kind.__doc__ or "").split()))
            for kind in kinds
        ]
        return self.parse_text_to_nodes(table(("code", "error", "when"), rows, (10, 25, 65)))


def commands_of(command: Any, path: tuple[str, ...] = ("evalkit",)) -> Iterator[tuple[str, Any]]:
    """Every command with what one writes to call it; a group holds commands."""
    for name, inside in getattr(command, "commands", {}).items():
        yield from commands_of(inside, (*path, name))
    if not hasattr(command, "commands"):
        yield " ".join(path), command


def _about(call: str, command: Any) -> Iterator[str]:
    parameters = [one for one in command.params if one.name != "help" and not one.hidden]
    arguments = [_argument(one) for one in parameters if not _is_option(one)]
    options = ["[OPTIONS]"] if any(map(_is_option, parameters)) else []
    yield section(call, "-")
    yield code(" ".join([call, *options, *arguments]), "text")
    yield escaped(" ".join(command.help.split()))
    if parameters:
        head = ("argument or option", "meaning", "default")
        yield table(head, map(_row, parameters), (25, 55, 20))


def _is_option(parameter: Any) -> bool:
    return parameter.opts[0].startswith("-")


def _argument(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    return f"{name.removesuffix('...')}..." if parameter.nargs == -1 else name


def _row(parameter: Any) -> tuple[str, str, str]:
    names = [*parameter.opts, *parameter.secondary_opts]
    if not _is_option(parameter):
        names = [_argument(parameter)]
    elif not parameter.is_flag:
        names = [f"{name} {_form(parameter)}" for name in names]
    return (
        ", ".join(f"``{name}``" for name in names),
        escaped(" ".join((parameter.help or "").split())),
        _default(parameter),
    )


def _form(parameter: Any) -> str:
    return parameter.metavar or _FORMS.get(parameter.type_descriptor.annotation, "TEXT")


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if callable(value) or value is None or value is False or str(value) in ("", "()", "[]"):
        return ""
    return "yes" if value is True else f"``{value}``"
