from sqlalchemy import Connection, Engine

from store.engine import reading, writing
from store.lineage import Answer, answers_of
from store.tables import decisions


def record(connection: Connection, request_id: str, context: str, release_id: str, at_ms: int) -> None:
    row = {"request_id": request_id, "context": context, "release_id": release_id, "generated_at": at_ms}
    rest = {"algorithm": "hybrid", "confidence": 0.5, "status": "ok", "expires_at": at_ms + 1, "record": "{}"}
    connection.execute(decisions.insert().values(**row, **rest))


def test_a_request_id_leads_to_every_answer_under_it(engine: Engine) -> None:
    with writing(engine) as connection:
        record(connection, "page-1", "homepage", "r1", 1_000)
        record(connection, "page-2", "homepage", "r1", 2_000)
        record(connection, "page-1", "cart", "r2", 3_000)
    with reading(engine) as connection:
        assert answers_of(connection, "page-1") == [Answer("homepage", 1.0, "r1"), Answer("cart", 3.0, "r2")]
        assert answers_of(connection, "page-3") == []
