"""What every test folder may use: the planted shop, its stages in this process, real servers over it, PostgreSQL."""

pytest_plugins = ["tests.planted_shop", "tests.real_server", "tests.postgres_server", "tests.stage_services"]
