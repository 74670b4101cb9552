"""What every test folder may use: the planted shop, its stages in this process, real servers, PostgreSQL, Redis."""

pytest_plugins = [
    *("tests.planted_shop", "tests.real_server", "tests.postgres_server", "tests.stage_services"),
    *("tests.redis_server", "tests.side_by_side"),
]
