"""Everything a caller can get wrong is an application/problem+json that names the field, the value and the request."""

import json
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from recommender.events import EVENT_TYPES
from tests.real_server import INTERACTIONS, RECOMMENDATIONS

PREFIX: Final = "urn:shelfwise:problem:"
EVENT: Final = {"user_id": "u1", "product_id": "coffee-00", "interaction_type": "VIEW"}


def problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    """The body of a problem answer, checked for what all of them have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["type"], body["status"]) == (PREFIX + kind, status)
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("page", "field", "value"),
    [
        ("homepage?limit=0", "limit", "0"),
        ("homepage?limit=101", "limit", "101"),
        ("homepage?limit=x", "limit", "x"),
        ("homepage?limit=1.5", "limit", "1.5"),
        ("homepage?explain=maybe", "explain", "maybe"),
        ("homepage?usre_id=1", "usre_id", "1"),
        ("product/coffee-00?product_ids=coffee-01", "product_ids", "coffee-01"),
        ("homepage?user_id=", "user_id", ""),
        ("homepage?user_id=a%00b", "user_id", "a\0b"),
        ("homepage?user_id=a%0A", "user_id", "a\n"),
        ("homepage?session_id=%1B%5B2J", "session_id", "\x1b[2J"),
        ("homepage?session_id=a%20b", "session_id", "a b"),
        ("homepage?user_id=" + "x" * 129, "user_id", "x" * 129),
        ("product/a%00b", "product_id", "a\0b"),
        ("product/%7F", "product_id", "\x7f"),
        ("frequently-bought-together/a%09b", "product_id", "a\tb"),
        ("cart?product_ids=", "product_ids", ""),
        ("cart?product_ids=,%20,", "product_ids", ", ,"),
        ("cart?product_ids=" + ",".join(map(str, range(101))), "product_ids", "101 products"),
        ("cart?product_ids=" + "x" * 9000, "product_ids", "x" * 200 + "…"),
    ],
)
def test_a_bad_query_is_refused_with_field_and_value(client: TestClient, page: str, field: str, value: str) -> None:
    body = problem(client.get(f"{RECOMMENDATIONS}/{page}"), 422, "invalid-input")
    assert (body["field"], body["value"]) == (field, value)
    assert field in body["detail"]


@pytest.mark.parametrize("product_ids", ["coffee-00%00", "coffee-00,a%1Bb"])
def test_control_characters_in_a_cart_are_refused_as_in_every_other_id(client: TestClient, product_ids: str) -> None:
    body = problem(client.get(f"{RECOMMENDATIONS}/cart?product_ids={product_ids}"), 422, "invalid-input")
    assert body["field"] == "product_ids"


def test_a_missing_parameter_is_named_and_has_no_value(client: TestClient) -> None:
    body = problem(client.get(f"{RECOMMENDATIONS}/cart"), 422, "invalid-input")
    assert (body["field"], body["value"]) == ("product_ids", None)


@pytest.mark.parametrize(
    ("page", "field", "value"),
    [
        ("product/nope", "product_id", "nope"),
        ("frequently-bought-together/nope", "product_id", "nope"),
        ("cart?product_ids=coffee-00,nope", "product_ids", "nope"),
        ("product/00000000-0000-0000-0000-000000000000", "product_id", "00000000-0000-0000-0000-000000000000"),
    ],
)
def test_an_unknown_product_is_not_found(client: TestClient, page: str, field: str, value: str) -> None:
    body = problem(client.get(f"{RECOMMENDATIONS}/{page}"), 404, "unknown-product")
    assert (body["field"], body["value"]) == (field, value)


@pytest.mark.parametrize("path", ["/nope", f"{RECOMMENDATIONS}/nope", f"{RECOMMENDATIONS}/product/a/b", "/api/v2"])
def test_an_unknown_path_is_a_problem_too(client: TestClient, path: str) -> None:
    problem(client.get(path), 404, "http-404")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{RECOMMENDATIONS}/homepage"),
        ("DELETE", f"{RECOMMENDATIONS}/product/coffee-00"),
        ("GET", INTERACTIONS),
        ("PUT", INTERACTIONS),
        ("POST", "/readyz"),
    ],
)
def test_a_wrong_method_is_a_problem_and_names_the_right_one(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)
    problem(answer, 405, "http-405")
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    ("changed", "field", "value"),
    [
        ({"colour": "red"}, "colour", "red"),
        ({"interaction_type": "BUY"}, "interaction_type", "BUY"),
        ({"interaction_type": "viewed it"}, "interaction_type", "viewed it"),
        ({"interaction_type": 1}, "interaction_type", 1),
        ({"user_id": None}, "user_id", None),
        ({"user_id": "a\0"}, "user_id", "a\0"),
        ({"user_id": 12}, "user_id", 12),
        ({"session_id": "a\nb"}, "session_id", "a\nb"),
        ({"event_id": "\x7f"}, "event_id", "\x7f"),
        ({"product_id": ""}, "product_id", ""),
        ({"product_id": "a b"}, "product_id", "a b"),
        ({"quantity": 0}, "quantity", 0),
        ({"quantity": 1.5}, "quantity", 1.5),
        ({"price": -1}, "price", -1),
        ({"interaction_type": "PURCHASE", "price": 0}, "price", 0.0),
        ({"position": 0}, "position", 0),
        ({"occurred_at": "yesterday"}, "occurred_at", "yesterday"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at", "2999-01-01T00:00:00+00:00"),
        ({"occurred_at": "1969-12-31T23:59:59Z"}, "occurred_at", "1969-12-31T23:59:59+00:00"),
        ({"metadata": "text"}, "metadata", "text"),
        ({"interaction_type": "search", "product_id": None}, "query", None),
        ({"interaction_type": "search", "query": "oats"}, "product_id", "coffee-00"),
        ({"query": "oats"}, "query", "oats"),
        ({"metadata": {"page": "x" * 4_096}}, "metadata", "4107 bytes"),
        ({"events": [EVENT]}, "user_id", "u1"),
    ],
)
def test_a_bad_event_is_refused_with_field_and_value(
    client: TestClient, changed: dict[str, object], field: str, value: object
) -> None:
    body = problem(client.post(INTERACTIONS, json=EVENT | changed), 422, "invalid-input")
    assert (body["field"], body["value"]) == (field, value)


@pytest.mark.parametrize(
    ("batch", "value"),
    [([], "[]"), (EVENT, str(EVENT)), ("text", "text"), (None, None), ([0] * 1_001, "[" + "0, " * 66)],
)
def test_a_batch_holds_1_to_1000_events(client: TestClient, batch: object, value: object) -> None:
    body = problem(client.post(INTERACTIONS, json={"events": batch}), 422, "invalid-input")
    assert body["field"] == "events"
    assert body["value"] == value or str(body["value"]).startswith(str(value))


def test_an_unknown_interaction_type_lists_the_known_ones(client: TestClient) -> None:
    body = problem(client.post(INTERACTIONS, json=EVENT | {"interaction_type": "BUY"}), 422, "invalid-input")
    assert all(kind in body["detail"] for kind in EVENT_TYPES)


def test_a_missing_field_of_an_event_is_named_and_has_no_value(client: TestClient) -> None:
    body = problem(client.post(INTERACTIONS, json={"user_id": "u1", "interaction_type": "VIEW"}), 422, "invalid-input")
    assert (body["field"], body["value"]) == ("product_id", None)


@pytest.mark.parametrize("content", ["{", '{"user_id": }', "user_id=1", "\x00"])
def test_malformed_json_is_a_problem_of_the_body(client: TestClient, content: str) -> None:
    answer = client.post(INTERACTIONS, content=content, headers={"Content-Type": "application/json"})
    assert problem(answer, 422, "invalid-input")["field"] == "body"


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'"text"', b"12"])
def test_a_body_that_is_no_object_is_a_problem_of_the_body(client: TestClient, content: bytes) -> None:
    answer = client.post(INTERACTIONS, content=content, headers={"Content-Type": "application/json"})
    assert problem(answer, 422, "invalid-input")["field"] == "body"


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 100_000, b'{"price": ' + b"9" * 5_000 + b"}"])
def test_json_that_cannot_be_read_is_the_caller_s_mistake(client: TestClient, content: bytes) -> None:
    answer = client.post(INTERACTIONS, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("metadata", ["NaN", "Infinity", "1e999"])
def test_numbers_that_json_does_not_know_are_refused(client: TestClient, metadata: str) -> None:
    content = json.dumps(EVENT)[:-1] + f', "metadata": {{"weight": {metadata}}}}}'
    answer = client.post(INTERACTIONS, content=content, headers={"Content-Type": "application/json"})
    assert problem(answer, 422, "invalid-input")["field"] == "metadata"


@pytest.mark.parametrize("changed", [{"user_id": "\ud800"}, {"product_id": "\udfff"}, {"\ud800": 1}])
def test_half_a_character_is_a_bad_value_not_an_error_of_ours(client: TestClient, changed: dict[str, object]) -> None:
    """JSON can name half of a surrogate pair; UTF-8 cannot write it back."""
    answer = client.post(
        INTERACTIONS, content=json.dumps(EVENT | changed), headers={"Content-Type": "application/json"}
    )
    problem(answer, 422, "invalid-input")
