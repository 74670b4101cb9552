"""HTTP: routers, schemas, problem responses, metrics, and the live state that answers come from."""
