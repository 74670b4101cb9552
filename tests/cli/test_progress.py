"""Where nobody watches, progress is lines: what took time says how long, and what is only to be said is said."""

from io import StringIO

from rich.console import Console

from cli.progress import progress


def test_steps_and_remarks_are_lines() -> None:
    written = StringIO()
    with progress(Console(file=written)) as report:
        report("reading", 0, 2)
        report("reading", 2, 2)
        report("chosen: 100 trees", 1, 1)
    assert [line.split(" in ")[0].strip() for line in written.getvalue().splitlines()] == [
        "reading: done",
        "chosen: 100 trees",
    ]
