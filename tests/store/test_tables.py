from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from store.tables import metadata, products, user_interactions


def on_postgresql(table: Table) -> str:
    return str(CreateTable(table).compile(dialect=postgresql.dialect()))


def test_every_table_is_in_our_schema_on_postgresql() -> None:
    for table in metadata.sorted_tables:
        assert on_postgresql(table).lstrip().startswith(f"CREATE TABLE recommender.{table.name} ")


def test_postgresql_numbers_rows_in_64_bits_and_sorts_ids_by_code_point() -> None:
    assert "id BIGSERIAL NOT NULL" in on_postgresql(user_interactions)
    assert 'external_product_id VARCHAR COLLATE "C" NOT NULL' in on_postgresql(products)
