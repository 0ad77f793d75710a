"""Text normalisation, defined once, used by training and serving: a tweet's tokens and its tickers.

The rules are those of a byte scanner and hold for any bytes, broken UTF-8 too; `models.compiled` does the same, faster:

1. Fold. U+0080 to U+00BF and U+2000 to U+218F are spaces, but pound and euro count as `$`, curly quotes as `"`,
   long dashes and the minus sign as `-`. Variation selectors and the byte-order mark are spaces. Each symbol of
   U+2190 to U+2BFF and of U+1F000 to U+1FFFF (arrows, emoji) is a word of its own. A-Z become a-z, UTF-8 the bytes.
2. Replace, at the first rule that fits: links, @users, cashtags (the ticker is dropped), percentages by their sign,
   money and numbers become one placeholder each; HTML entities and `<` become a space, `&quot;` a quote.
3. Cut. A token is a placeholder, one of `! ? : "`, or a run of a-z, 0-9, `_` and bytes from 0x80, with every digit
   written as 0. All other bytes separate.
"""

import re

LINK, USER, TICKER = b"<link>", b"<user>", b"<ticker>"
UP, DOWN, PERCENT = b"<up>", b"<down>", b"<percent>"
MONEY, NUMBER = b"<money>", b"<number>"

_FOLD = re.compile(
    rb"(?P<symbol> \xe2 (?: \x86[\x90-\xbf] | [\x87-\xaf][\x80-\xbf] ) | \xf0\x9f[\x80-\xbf]{2} )"  # arrows, emoji
    rb"| \xc2[\x80-\xbf] | \xe2[\x80-\x86][\x80-\xbf] | \xef\xb8[\x80-\x8f] | \xef\xbb\xbf",  # spaces, punctuation
    re.VERBOSE,
)
_FOLDED_TO_ASCII = {
    **dict.fromkeys((sign.encode() for sign in "£€"), b"$"),
    **dict.fromkeys((sign.encode() for sign in "“”„«»"), b'"'),
    **dict.fromkeys((sign.encode() for sign in "\u2010\u2011\u2012\u2013\u2014\u2212"), b"-"),
}

_REPLACE = re.compile(
    rb"""
    (?P<link>    (?<![a-z0-9_]) (?: http | www\. | t\.co/ | pic\.twitter\.com/ ) [^\x00-\x20"<]* )
  | (?P<user>    @[a-z0-9_]+ )
  | (?P<ticker>  \$[a-z][a-z0-9_]* (?: [.][a-z]{1,2} (?![a-z0-9_]) )? )
  | (?P<up>      (?<![a-z0-9_%]) \+ [ ]? [0-9]+ (?: [.,][0-9]+ )* [ ]? % )
  | (?P<down>    (?<![a-z0-9_%])  - [ ]? [0-9]+ (?: [.,][0-9]+ )* [ ]? % )
  | (?P<money>   \$ [ ]? [0-9]+ (?: [.,][0-9]+ )*
                 (?: [ ]? (?: k | mm? | bn? | tn? | million | billion | trillion ) (?![a-z0-9_\x80-\xff]) )? )
  | (?P<percent> (?<![a-z0-9_\x80-\xff]) [0-9]+ (?: [.,][0-9]+ )* [ ]? % )
  | (?P<number>  (?<![a-z0-9_\x80-\xff]) [0-9]+ (?: [.,][0-9]+ )* (?![a-z0-9_\x80-\xff]) )
  | (?P<quote>   &(?: quot | \#34 ); )
  | (?P<space>   &\#?[a-z0-9]{1,8}; | < )
    """,
    re.VERBOSE,
)
_PLACEHOLDERS = {
    "link": b" <link> ",
    "user": b" <user> ",
    "ticker": b" <ticker> ",
    "up": b" <up> ",
    "down": b" <down> ",
    "money": b" <money> ",
    "percent": b" <percent> ",
    "number": b" <number> ",
    "quote": b' " ',
    "space": b" ",
}
_TOKEN = re.compile(rb'<[a-z]+>|[a-z0-9_\x80-\xff]+|[!?:"]')
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")

# What X itself links as a cashtag; a class letter counts only in the ticker's own case, so that the first word
# after a full stop ("$AAPL.We think") is none. It looks back from the sign: what begins with a sign is searched fast.
_CASHTAG = re.compile(r"\$(?<![\w$]\$)([A-Z]{1,6}[._][A-Z]{1,2}|[a-z]{1,6}[._][a-z]{1,2}|[A-Za-z]{1,6})(?!\w)")


def utf8_of(text: str) -> bytes:
    """Encode a text; a lone surrogate (an emoji cut in half), which has no UTF-8 form, becomes a word of three bytes."""
    return text.encode("utf-8", "surrogatepass")


def tokens(text: str | bytes) -> list[bytes]:
    """Cut a tweet, or its UTF-8 bytes, into normalised tokens, in their order.

    >>> tokens("$TSLA up +4.2% to $210, says @cnbc https://example.org/a?b=c")
    [b'<ticker>', b'up', b'<up>', b'to', b'<money>', b'says', b'<user>', b'<link>']
    """
    folded = fold(utf8_of(text) if isinstance(text, str) else text)
    return _TOKEN.findall(_REPLACE.sub(_placeholder, folded).translate(_DIGITS_TO_ZERO))


def fold(utf8: bytes) -> bytes:
    """Apply the first rule: spaces, dashes, quotes and signs in ASCII, symbols as words, lower case."""
    return (utf8 if utf8.isascii() else _FOLD.sub(_folded, utf8)).lower()


def tickers(text: str) -> tuple[str, ...]:
    """List the cashtags of a tweet: upper case, without the dollar sign, each once, in order of appearance.

    >>> tickers("Long $brk.b and $AAPL. Not $5 nor $1.2B; $AAPL again")
    ('BRK.B', 'AAPL')
    """
    return tuple(dict.fromkeys(tag.upper().replace("_", ".") for tag in _CASHTAG.findall(text)))


def _folded(found: re.Match[bytes]) -> bytes:
    character = found.group()
    if character in _FOLDED_TO_ASCII:
        return _FOLDED_TO_ASCII[character]
    return b" " + character + b" " if found.lastgroup else b" "


def _placeholder(found: re.Match[bytes]) -> bytes:
    return _PLACEHOLDERS[found.lastgroup or "space"]
