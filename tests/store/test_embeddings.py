import numpy as np
from sqlalchemy import Connection, Engine, update

from store.embeddings import Embedding, Vector, read_embeddings, text_sha256, write_embeddings
from store.engine import reading, writing
from store.tables import product_embeddings

ENCODER, OTHER = "a" * 64, "b" * 64
MILK = Embedding("milk", text_sha256("whole milk"), np.array([0.25, -1.5, 3e-7], dtype=np.float32))
TEA = Embedding("tea", text_sha256("tea"), np.array([1.0, 0.0, 0.0], dtype=np.float32))
WANTED = {one.external_id: one.text_sha256 for one in (MILK, TEA)}


def read(connection: Connection, encoder: str = ENCODER, dimension: int = 3) -> dict[str, list[float]]:
    found: dict[str, Vector] = read_embeddings(connection, encoder, WANTED | {"none": "0"}, dimension=dimension)
    assert all(vector.dtype == np.float32 for vector in found.values())
    return {external_id: vector.tolist() for external_id, vector in found.items()}


def test_vectors_read_back_bit_for_bit(engine: Engine) -> None:
    with writing(engine) as connection:
        write_embeddings(connection, ENCODER, [MILK, TEA])
    with reading(engine) as connection:
        assert read(connection) == {"milk": MILK.vector.tolist(), "tea": TEA.vector.tolist()}
        assert read(connection, OTHER) == {}


def test_every_encoder_has_vectors_of_its_own(engine: Engine) -> None:
    with writing(engine) as connection:
        write_embeddings(connection, ENCODER, [MILK])
        write_embeddings(connection, OTHER, [Embedding("milk", MILK.text_sha256, TEA.vector)])
        assert read(connection) == {"milk": MILK.vector.tolist()}
        assert read(connection, OTHER) == {"milk": TEA.vector.tolist()}


def test_a_vector_of_another_text_does_not_count_and_is_replaced(engine: Engine) -> None:
    with writing(engine) as connection:
        write_embeddings(connection, ENCODER, [Embedding("milk", text_sha256("skimmed milk"), TEA.vector)])
        assert read(connection) == {}
        write_embeddings(connection, ENCODER, [MILK])
        assert read(connection) == {"milk": MILK.vector.tolist()}


def test_a_vector_of_another_length_or_without_sense_is_ignored(engine: Engine) -> None:
    with writing(engine) as connection:
        write_embeddings(connection, ENCODER, [MILK, Embedding("tea", TEA.text_sha256, TEA.vector * np.float32("nan"))])
        assert read(connection) == {"milk": MILK.vector.tolist()}
        assert read(connection, dimension=4) == {}
        connection.execute(update(product_embeddings).values(vector=MILK.vector.tobytes()[:-1]))
        assert read(connection) == {}


def test_many_are_read_and_nothing_is_written_for_none(engine: Engine) -> None:
    many = [Embedding(str(number), "0" * 64, TEA.vector) for number in range(2_500)]
    with writing(engine) as connection:
        write_embeddings(connection, ENCODER, [])
        write_embeddings(connection, ENCODER, many)
        wanted = {one.external_id: one.text_sha256 for one in many}
        assert len(read_embeddings(connection, ENCODER, wanted, dimension=3)) == len(many)
