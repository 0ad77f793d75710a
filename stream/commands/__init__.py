"""One module a verb, `add_arguments(parser)` and `run(arguments) -> int`, and what several verbs share."""
