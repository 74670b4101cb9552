import time

import pytest
from sqlalchemy import Engine

from recommender.errors import InvalidInput
from store.engine import reading, writing
from store.sync_status import (
    advance_import,
    begin_import,
    find_import,
    finish_import,
    recorded_shift,
    shifted_at,
)


def test_progress_is_found_by_content_and_kind(engine: Engine) -> None:
    with writing(engine) as connection:
        begun = begin_import(connection, kind="events", source="a.csv", sha256="00", shift_ms=5)
        advanced = advance_import(connection, begun, rows_read=10, written=7, rejected=3)
        advanced = advance_import(connection, advanced, rows_read=20, written=10, rejected=0)
    with reading(engine) as connection:
        assert find_import(connection, kind="events", sha256="00") == advanced
        assert find_import(connection, kind="products", sha256="00") is None
        assert find_import(connection, kind="events", sha256="01") is None
    assert (advanced.rows_read, advanced.rows_written, advanced.rows_rejected) == (20, 17, 3)
    assert (advanced.shift_ms, advanced.status) == (5, "running")


def test_beginning_again_goes_on_with_the_recorded_shift(engine: Engine) -> None:
    with writing(engine) as connection:
        begun = begin_import(connection, kind="events", source="a.csv", sha256="00", shift_ms=5)
        assert begin_import(connection, kind="events", source="b.csv", sha256="00", shift_ms=9) == begun


def test_a_finished_import_stays_finished(engine: Engine) -> None:
    with writing(engine) as connection:
        done = finish_import(
            connection, begin_import(connection, kind="events", source="a.csv", sha256="00", shift_ms=0)
        )
        assert done.status == "done"
        assert find_import(connection, kind="events", sha256="00") == done


def test_a_chunk_is_counted_once(engine: Engine) -> None:
    with writing(engine) as connection:
        begun = begin_import(connection, kind="events", source="a.csv", sha256="00", shift_ms=0)
        advanced = advance_import(connection, begun, rows_read=10, written=10, rejected=0)
        with pytest.raises(InvalidInput, match="another process"):
            advance_import(connection, begun, rows_read=10, written=10, rejected=0)
        assert find_import(connection, kind="events", sha256="00") == advanced


def test_the_newest_shift_counts(engine: Engine) -> None:
    with writing(engine) as connection:
        assert recorded_shift(connection) == 0.0
        for sha256, shift_ms in (("00", 604_800_000), ("01", 1_209_600_000), ("02", 0)):
            begin_import(connection, kind="events", source="a.csv", sha256=sha256, shift_ms=shift_ms)
        assert recorded_shift(connection) == 1_209_600.0


def test_a_shifted_import_says_when_it_began(engine: Engine) -> None:
    before = time.time()
    with writing(engine) as connection:
        begin_import(connection, kind="events", source="a.csv", sha256="00", shift_ms=0)
        assert shifted_at(connection) is None
        begin_import(connection, kind="events", source="a.csv", sha256="01", shift_ms=604_800_000)
        began = shifted_at(connection)
    assert began is not None
    assert before - 0.001 <= began <= time.time()
