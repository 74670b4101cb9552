"""``shelfwise promote`` and ``rollback``: which release serves."""

import getpass

import click
from rich.console import Console
from rich.markup import escape

from recommender.errors import InvalidInput
from runners.shelf import release_store
from settings import Settings, read_settings
from store.deployments import current_deployment
from store.engine import migrate, open_engine, reading


@click.command()
@click.argument("release_id")
@click.option("--why", default="", help="Recorded beside who and when.")
@click.option("--force", metavar="WHY", help="Go on without the gate's leave; the reason is recorded.")
def promote(release_id: str, why: str, force: str | None) -> None:
    """Make RELEASE_ID the one that serves, if the gate accepts it against the one that serves now."""
    if force is not None and not force.strip():
        raise InvalidInput("force", force, "say why: it is recorded")
    run_promotion(read_settings(), release_id, Console(), why=why, force=force)


@click.command()
@click.option("--why", default="", help="Recorded beside who and when.")
def rollback(why: str) -> None:
    """Go back to the release that served before."""
    from cli.training import tracking
    from training.promote import move_alias
    from training.rollback import roll_back

    settings, console = read_settings(), Console()
    engine, mlflow = open_engine(settings.database_url), tracking(settings)
    migrate(engine)
    step = roll_back(engine, mlflow, release_store(settings), who=getpass.getuser(), why=why)
    engine.dispose()
    console.print(f"back from [bold]{step.left}[/bold] to release [bold]{step.back}[/bold]", soft_wrap=True)
    if step.unseen:
        warn(f"nobody could look whether its files are in place ({step.unseen}); processes that have it open serve it")
    _warn_of_alias(move_alias(mlflow, step.back))


def run_promotion(settings: Settings, release_id: str, console: Console, *, why: str, force: str | None = None) -> None:
    """Publish and deploy a registered release, and say so."""
    from cli.training import tracking
    from training.promote import promote as publish_and_deploy

    engine = open_engine(settings.database_url)
    migrate(engine)
    unmoved = publish_and_deploy(
        engine,
        tracking(settings),
        release_store(settings),
        release_id,
        who=getpass.getuser(),
        why=why,
        force=force,
    )
    engine.dispose()
    said = f"release [bold]{release_id}[/bold] is champion; serving processes follow within a second"
    console.print(said, highlight=False, soft_wrap=True)
    _warn_of_alias(unmoved)


def _warn_of_alias(unmoved: str) -> None:
    """What was decided stands, and nothing has to be repeated."""
    if unmoved:
        warn(
            f"MLflow's alias champion was not moved ({unmoved}); serving does not need it, the next promotion moves it"
        )


def warn(said: str) -> None:
    """One line on stderr beside an outcome that stands."""
    Console(stderr=True, soft_wrap=True).print(f"[yellow]warning:[/yellow] {escape(said)}", highlight=False)


def current_release(settings: Settings) -> str | None:
    """Id of the release that should serve."""
    engine = open_engine(settings.database_url)
    migrate(engine)
    with reading(engine) as connection:
        deployment = current_deployment(connection)
    engine.dispose()
    return None if deployment is None else deployment.release_id
