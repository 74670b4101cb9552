"""``shelfwise doctor``: is everything in place, and if not, what to run."""

import sys

import click
from rich.console import Console
from rich.markup import escape

from cli.releases import current_release
from models.onnx_session import check_graph
from models.release import read_manifest, verify_files
from recommender.errors import ShelfwiseError
from recommender.rules.file import read_rules
from runners.shelf import release_store
from settings import Settings, read_settings


@click.command()
def doctor() -> None:
    """Check settings, database, rules and the release that should serve. Exit status 1 if something is wrong."""
    settings, console = read_settings(), Console()
    checks = {"rules file": _rules, "database": _database, "release": _release}
    failed = False
    for name, check in checks.items():
        try:
            console.print(f"[green]ok[/green]   {name}: {escape(check(settings))}", highlight=False, soft_wrap=True)
        except ShelfwiseError as error:
            failed = True
            console.print(f"[red]bad[/red]  {name}: {escape(str(error))}", highlight=False, soft_wrap=True)
    sys.exit(1 if failed else 0)


def _rules(settings: Settings) -> str:
    from pathlib import Path

    rules = read_rules(Path(settings.rules_file))
    return f"{len(rules.hard)} hard rules: {', '.join(rule.name for rule in rules.hard)}"


def _database(settings: Settings) -> str:
    current_release(settings)
    return "can be reached, schema is current"


def _release(settings: Settings) -> str:
    release_id = current_release(settings)
    if release_id is None:
        raise ShelfwiseError("none is promoted: run `shelfwise train`, then `shelfwise promote RELEASE_ID`")
    folder = release_store(settings).fetch(release_id)
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    for name in manifest.files:
        if name.endswith(".onnx"):
            check_graph(folder / name)
    return f"{release_id}: {len(manifest.files)} files verified"
