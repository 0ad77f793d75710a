"""The protocols of other servers that are spoken too: Open Inference Protocol v2, and MLflow's scoring protocol."""
