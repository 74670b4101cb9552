"""What every test folder may use: the planted shop, real servers over copies of it, and its stages in this process."""

pytest_plugins = ["tests.planted_shop", "tests.real_server", "tests.stage_services"]
