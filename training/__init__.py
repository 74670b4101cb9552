"""Jobs that make, evaluate, register and promote releases. The only user of MLflow and of torch."""
