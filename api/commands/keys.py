"""Make, list and revoke keys of the HTTP API.

A server knows keys by their hashes only: a key is shown when it is made, and never again. `new` adds its line to the file
of keys, or prints it where there is none. A running server sees changes of the file within two seconds.

  tickertape keys new desk-7 --roles read,predict --file keys.txt
  tickertape keys list --file keys.txt
  tickertape keys revoke desk-7 --file keys.txt
  API_KEYS_FILE=keys.txt tickertape serve --host 0.0.0.0
"""

import argparse
import json
import sys
from pathlib import Path

from api.access.key_file import add_key, named_keys, remove_key
from api.access.keys import Role, is_name, new_key
from config.access import AccessSettings
from config.commands import DONE
from models.errors import ApiError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions of `keys` with their arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    for name, words in (
        ("new", "make a key, and show it once"),
        ("list", "show the names and roles of the keys"),
        ("revoke", "take a key away"),
    ):
        action = actions.add_parser(name, help=words, description=words, allow_abbrev=False)
        if name != "list":
            action.add_argument("name", type=_name, help="what the key is called")
        if name == "new":
            action.add_argument(
                "--roles", type=_roles, required=True, metavar="ROLES", help=f"what it may: {', '.join(Role)}"
            )
        action.add_argument("--file", type=Path, metavar="FILE", help="file of keys (API_KEYS_FILE)")
        if name == "new":
            action.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the actions."""
    file: Path | None = arguments.file or AccessSettings().keys_file
    if arguments.action == "new":
        _make(arguments, file)
    elif file is None:
        raise ApiError("there is no file of keys: name it with --file or API_KEYS_FILE")
    elif arguments.action == "list":
        for key in named_keys(file):
            sys.stdout.write(f"{key.name}\t{','.join(sorted(key.roles))}\n")
    else:
        remove_key(file, arguments.name)
        sys.stderr.write(f"{arguments.name} is revoked: running servers refuse it within two seconds\n")
    return DONE


def _make(arguments: argparse.Namespace, file: Path | None) -> None:
    shown, key = new_key(arguments.name, arguments.roles)
    if file is not None:
        add_key(file, key)
    if arguments.json:
        sys.stdout.write(json.dumps({"name": key.name, "key": shown, "line": key.line}) + "\n")
        return
    where = "add this line to the file of keys (API_KEYS_FILE)" if file is None else f"this line is in {file} now"
    sys.stdout.write(f"key, shown only now:\n{shown}\n{where}:\n{key.line}\n")


def _name(text: str) -> str:
    if not is_name(text):
        raise argparse.ArgumentTypeError(f"{text!r:.100} is not 1 to 64 letters, digits, '.', '_' or '-'")
    return text


def _roles(text: str) -> frozenset[Role]:
    words = {word.strip() for word in text.split(",")}
    if not words <= set(Role):
        raise argparse.ArgumentTypeError(f"{text!r:.100} is no list of {', '.join(Role)}, separated by commas")
    return frozenset(map(Role, words))
