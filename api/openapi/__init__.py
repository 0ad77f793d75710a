"""What OpenAPI says of the API: its bodies, examples and answers."""
