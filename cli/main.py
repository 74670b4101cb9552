"""The command line. Every command reads its settings from the environment and fails with one clear line."""

import sys

import click
from rich.console import Console
from rich.markup import escape

from cli.customers import customers
from cli.data import import_group
from cli.demo import demo
from cli.doctor import doctor
from cli.jobs import jobs
from cli.lineage import lineage
from cli.models import models
from cli.published import releases
from cli.releases import promote, rollback
from cli.serve import serve
from cli.sync import sync
from cli.training import evaluate, train
from recommender.errors import ShelfwiseError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shelfwise")
def cli() -> None:
    """Product recommendations for shops that run their own servers."""


COMMANDS = (
    import_group,
    sync,
    train,
    evaluate,
    promote,
    rollback,
    releases,
    lineage,
    models,
    serve,
    customers,
    jobs,
    doctor,
    demo,
)
for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Entry point: an error of ours is one line on stderr and exit status 1, anything else a traceback."""
    try:
        cli(prog_name="shelfwise")
    except ShelfwiseError as error:
        Console(stderr=True, soft_wrap=True).print(f"[red]error:[/red] {escape(str(error))}", highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
