from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from recommender.errors import InvalidInput
from store.engine import reading, writing
from store.imports import import_file
from store.imports.customers import check_customers, write_customers
from store.imports.source_files import RawChunk
from store.tables import customers

ANN: dict[str, object] = {
    "user_id": "ann",
    "age": "34",
    "family_size": 3,
    "location": "Bern",
    "favorite_categories": "Coffee|Tea",
    "brand_preferences": ["Farm 7"],
    "budget_min": 2,
    "budget_max": 30.5,
    "shopping_frequency": "weekly",
}
STATED = {
    "demographics": {"age": 34, "familySize": 3, "location": "Bern"},
    "preferences": {
        "favoriteCategories": ["Coffee", "Tea"],
        "brandPreferences": ["Farm 7"],
        "budgetRange": {"min": 2.0, "max": 30.5},
    },
    "shoppingPatterns": {"shoppingFrequency": "weekly"},
}


def chunk(*rows: dict[str, object]) -> RawChunk:
    names = dict.fromkeys(name for row in rows for name in row)
    return RawChunk(range(1, len(rows) + 1), {name: [row.get(name) for row in rows] for name in names}, ())


def stored(engine: Engine) -> dict[str, object]:
    with reading(engine) as connection:
        return dict(connection.execute(select(customers.c.user_id, customers.c.stated)).tuples().all())


def test_what_is_stated_has_the_form_of_the_api() -> None:
    [customer] = check_customers(chunk(ANN)).accepted
    assert (customer.user_id, customer.stated) == ("ann", STATED)


def test_a_customer_of_whom_nothing_is_stated() -> None:
    [customer] = check_customers(chunk({"user_id": 12})).accepted
    assert (customer.user_id, customer.stated) == ("12", {})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"user_id": ""}, "user_id"),
        ({"age": 34.5}, "age"),
        ({"age": "old"}, "age"),
        ({"age": 151}, "age"),
        ({"family_size": 0}, "family_size"),
        ({"budget_min": 31}, "budget_min"),
        ({"budget_max": "nan"}, "budget_max"),
        ({"favorite_categories": "[1]"}, "favorite_categories"),
        ({"favorite_categories": '["Tea"'}, "favorite_categories"),
        ({"location": "x" * 201}, "location"),
        ({"allergens": "nuts"}, "allergens"),
    ],
)
def test_bad_rows_name_their_field(change: dict[str, object], field: str) -> None:
    checked = check_customers(chunk(ANN, ANN | change))
    assert [(reject.line, reject.field) for reject in checked.rejects] == [(2, field)]
    assert len(checked.accepted) == 1


def test_health_data_is_not_in_the_rejects_either() -> None:
    [reject] = check_customers(chunk({"user_id": "ann", "dietary_restrictions": "gluten"})).rejects
    assert "gluten" not in str(reject)
    assert "health data" in reject.reason


def test_only_what_differs_is_written_and_computed_values_stay(engine: Engine) -> None:
    ann, bob = check_customers(chunk(ANN, {"user_id": "bob"})).accepted
    with writing(engine) as connection:
        assert list(write_customers(connection, [ann, bob]).changed) == ["ann", "bob"]
        connection.execute(update(customers).values(computed={"frequency": 2}))
        [older] = check_customers(chunk(ANN | {"age": 35})).accepted
        assert list(write_customers(connection, [older, bob]).changed) == ["ann"]
        assert connection.execute(select(customers.c.computed)).scalars().all() == [{"frequency": 2}] * 2


def test_who_wants_no_personal_answers_is_refused(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,age\nann,34\nbob,20\n")
    with writing(engine) as connection:
        write_customers(connection, check_customers(chunk({"user_id": "ann"})).accepted)
        connection.execute(update(customers).values(personalization=False))
    report = import_file(
        engine,
        "customers",
        tmp_path / "people.csv",
        mapping={"user_id": "id"},
        now=0,
        rejects_dir=tmp_path,
        progress=lambda done, total: None,
    )
    assert (report.rows_written, report.rows_rejected) == (1, 1)
    assert stored(engine) == {"ann": {}, "bob": {"demographics": {"age": 20}}}


@pytest.mark.parametrize("mapping", [{"user": "id"}, {"user_id": "no"}])
def test_a_mapping_of_columns_that_are_not_there(engine: Engine, tmp_path: Path, mapping: dict[str, str]) -> None:
    (tmp_path / "people.csv").write_text("id,age\nann,34\n")
    with pytest.raises(InvalidInput) as refused:
        import_file(
            engine,
            "customers",
            tmp_path / "people.csv",
            mapping=mapping,
            now=0,
            rejects_dir=tmp_path,
            progress=lambda done, total: None,
        )
    assert refused.value.field == "columns"
