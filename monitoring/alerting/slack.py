"""A message for Slack: text and blocks, escaped, within Slack's limits."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from monitoring.alerting.messages import Alarm, Message

# Slack allows 3,000 characters in a text, 150 in a header and 50 blocks; what follows stays below each.
MOST_ALARMS = 10
MOST_NAME_CHARACTERS = 80
MOST_WINDOWS = 3
MOST_COMMAND_CHARACTERS = 2000

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "'"}

Block = dict[str, object]


def slack_body(message: Message) -> bytes:
    """Write a message as JSON in UTF-8: `text` for notifications, `blocks` for the channel."""
    blocks = [_header(message.headline)]
    if message.opened:
        blocks.append(_section(_opened(message.opened)))
    if message.closed:
        blocks.append(_section(_closed(message.closed)))
    blocks += [_section(_window(alarm)) for alarm in _newest_windows(message.opened)]
    blocks.append({"type": "context", "elements": [_text(_context(message))]})
    return msgspec.json.encode({"text": message.headline, "blocks": blocks})


def escaped(text: str, *, most: int) -> str:
    """Escape what Slack takes for markup; at most so many characters come back.

    A backtick would end the code that the text stands in, and a line break the line: they become ' and a space.

    >>> escaped("a<b & `c`", most=80), escaped("<<<<", most=9)
    ("a&lt;b &amp; 'c'", '&lt;&lt;…')
    """
    pieces = [_ESCAPED.get(letter, letter if letter.isprintable() else " ") for letter in text]
    if sum(map(len, pieces)) <= most:
        return "".join(pieces)
    kept, size = [], 1
    for piece in pieces:
        size += len(piece)
        if size > most:
            break
        kept.append(piece)
    return "".join([*kept, "…"])


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> Block:
    # Verbatim: names that look like a link, a channel or a user are not made one.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _code(text: str) -> str:
    return f"`{escaped(text, most=MOST_NAME_CHARACTERS)}`"


def _opened(alarms: tuple[Alarm, ...]) -> str:
    lines = ["*Opened*", *(_line(alarm) for alarm in alarms[:MOST_ALARMS])]
    if rest := alarms[MOST_ALARMS:]:
        kinds = Counter(alarm.kind or "unknown" for alarm in rest)
        counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        lines.append(f"and {len(rest)} more: {counts}")
    return "\n".join(lines)


def _line(alarm: Alarm) -> str:
    told = f"• {_code(alarm.name)}"
    if alarm.before is None or alarm.after is None:
        return told
    form = ".4g" if alarm.item is None else ".1%"
    return f"{told}: {alarm.before:{form}} → {alarm.after:{form}} ({alarm.kind}, window {alarm.window})"


def _closed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST_ALARMS} more" if len(names) > MOST_ALARMS else ""
    return f"*Closed*\n{', '.join(map(_code, names[:MOST_ALARMS]))}{more}"


def _newest_windows(alarms: Iterable[Alarm]) -> list[Alarm]:
    windows = {alarm.window: alarm for alarm in alarms}
    return [windows[number] for number in sorted(windows, reverse=True)[:MOST_WINDOWS]]


def _window(alarm: Alarm) -> str:
    report = f", report {_code(alarm.report)} of the API" if alarm.report else ""
    span = f"{escaped(alarm.first_at, most=40)} to {escaped(alarm.last_at, most=40)}"
    command = escaped(alarm.replay, most=MOST_COMMAND_CHARACTERS)
    return f"*Window {alarm.window}*: {alarm.tweets} tweets, {span}{report}\n```{command}```"


def _context(message: Message) -> str:
    model = escaped(f"{message.model.name} {message.model.version}", most=200)
    passed = f", {message.passed_count} opened and closed untold" if message.passed_count else ""
    return f"{message.open_count} open now{passed}; model {model}, reference {escaped(message.reference, most=80)}"
