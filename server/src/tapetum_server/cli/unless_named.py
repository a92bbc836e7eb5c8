"""Groups of commands of which one is meant when none is named."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class _UnlessNamed(TyperGroup):
    usual: str

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, "--help"):
            args = [self.usual, *args]
        return super().parse_args(ctx, args)


def unless_named(usual: str) -> type[TyperGroup]:
    """A group in which the command `usual` is meant where the first word names none."""
    return type(f"UnlessNamed{usual.title()}", (_UnlessNamed,), {"usual": usual})
