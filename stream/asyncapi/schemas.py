"""Records as JSON Schema (draft 7, which AsyncAPI's own schemas extend), with what their docstrings say."""

import inspect
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

REFERENCE = "#/components/schemas/{name}"
Schema: TypeAlias = dict[str, Any]

_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def record_schemas(records: Sequence[type[msgspec.Struct]]) -> dict[str, Schema]:
    """Give the schemas of records and of all that is in them, by name.

    A writer leaves nothing out, so every field is required, but for those of records that omit what is not there.
    """
    _, found = msgspec.json.schema_components(records, ref_template=REFERENCE)
    structs = {struct.__name__: struct for struct in _structs(records)}
    return {name: _finished(schema, structs.get(name)) for name, schema in sorted(found.items())}


def reference(record: type[msgspec.Struct]) -> Schema:
    """Refer to the schema of a record."""
    return {"$ref": REFERENCE.format(name=record.__name__)}


def text_schema(description: str, **rules: object) -> Schema:
    """Describe a string."""
    return {"type": "string", "description": description, **rules}


def attributes(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Read what the docstring of a record says of its fields, in JSON's words.

    >>> class Share(msgspec.Struct):
    ...     '''A part.
    ...
    ...     Attributes:
    ...         score: what it adds,
    ...             a margin.
    ...     '''
    >>> attributes(Share)
    {'score': 'what it adds, a margin.'}
    """
    _, _, listed = (inspect.getdoc(struct) or "").partition("Attributes:\n")
    return {name: " ".join(text.replace("None", "null").split()) for name, text in _ATTRIBUTE.findall(listed)}


def _structs(records: Sequence[type[msgspec.Struct]]) -> list[type[msgspec.Struct]]:
    """Give the records and all that are in them."""
    found: dict[type[msgspec.Struct], None] = {}

    def visit(kind: msgspec.inspect.Type) -> None:
        if isinstance(kind, msgspec.inspect.StructType):
            if kind.cls in found:
                return
            found[kind.cls] = None
            inner = [field.type for field in kind.fields]
        else:
            parts = [getattr(kind, name, ()) for name in ("types", "item_types", "item_type", "value_type", "type")]
            inner = [one for part in parts for one in (part if isinstance(part, tuple) else (part,))]
        for one in inner:
            if isinstance(one, msgspec.inspect.Type):
                visit(one)

    for record in records:
        visit(msgspec.inspect.type_info(record))
    return list(found)


def _finished(schema: Schema, struct: type[msgspec.Struct] | None) -> Schema:
    schema = _draft_7(schema)
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].partition("\n\n")[0].split())
    if struct is None:
        return schema
    said = attributes(struct)
    for name, field in schema["properties"].items():
        if name in said:
            schema["properties"][name] = _with_description(field, said[name])
    if not struct.__struct_config__.omit_defaults and not _is_read(struct):
        schema["required"] = list(schema["properties"])
        for field in schema["properties"].values():
            field.pop("default", None)
    return schema


def _is_read(struct: type[msgspec.Struct]) -> bool:
    """Tell whether others write it: what comes in may lack what has a default."""
    return struct.__module__ == "models.tweets"


def _with_description(field: Schema, text: str) -> Schema:
    # Draft 7 ignores all that stands beside a reference.
    return {"allOf": [field], "description": text} if "$ref" in field else {**field, "description": text}


def _draft_7(value: Any) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, list):
        return [_draft_7(one) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _draft_7(one) for name, one in value.items() if name != "discriminator"}
    if "prefixItems" in changed:
        changed["additionalItems"] = changed.pop("items")
        changed["items"] = changed.pop("prefixItems")
    return changed
