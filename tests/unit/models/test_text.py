import pytest

from models.text import tickers, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Shares FALL, again", [b"shares", b"fall", b"again"]),
        ("see https://example.org/a?b=c now", [b"see", b"<link>", b"now"]),
        ("cut off http\u2026", [b"cut", b"off", b"<link>"]),
        ("www.example.org pic.twitter.com/x t.co/y", [b"<link>", b"<link>", b"<link>"]),
        ("RT @cnbc: hi", [b"rt", b"<user>", b":", b"hi"]),
        ("$TSLA's $BRK.B.", [b"<ticker>", b"s", b"<ticker>"]),
        ("+4.2% -3 % 5%", [b"<up>", b"<down>", b"<percent>"]),
        ("5-10%", [b"<number>", b"<percent>"]),
        ("$1.2B $5 €3 bn £7m $1,200 million", [b"<money>"] * 5),
        ("$5 bnp", [b"<money>", b"bnp"]),
        ("1,234.5 in 2022", [b"<number>", b"in", b"<number>"]),
        ("Q3 10-K 3rd", [b"q0", b"<number>", b"k", b"0rd"]),
        ("S&amp;P&nbsp;500 &quot;up&#34;", [b"s", b"p", b"<number>", b'"', b"up", b'"']),
        ("why?! a:b", [b"why", b"?", b"!", b"a", b":", b"b"]),
        ("it\u2019s \u201cok\u201d \u2013 \u22125%", [b"it", b"s", b'"', b"ok", b'"', b"<down>"]),
        ("up\U0001f680\U0001f680", [b"up", b"\xf0\x9f\x9a\x80", b"\xf0\x9f\x9a\x80"]),
        ("\u2b06\ufe0f a\u00a0b", [b"\xe2\xac\x86", b"a", b"b"]),
        ("Z\u00fcrich", ["z\u00fcrich".encode()]),
        ("<link> <b>", [b"link", b"b"]),
        ("", []),
        (" \n\t.,;\x00", []),
    ],
)
def test_tokens_follow_the_stated_rules(text: str, expected: object) -> None:
    found = tokens(text)

    assert found == expected


def test_half_an_emoji_is_a_word_like_any_other() -> None:
    found = tokens("up \ud83d now")

    assert found == [b"up", b"\xed\xa0\xbd", b"now"]


@pytest.mark.parametrize("other", ["$TSLA", "$brk.b", "$A"])
def test_ticker_itself_is_dropped_from_the_tokens(other: str) -> None:
    assert tokens(f"buy {other} now") == tokens("buy $AAPL now")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Long $brk.b and $AAPL. Not $5 nor $1.2B; $AAPL again", ("BRK.B", "AAPL")),
        ("($x)/$y,$Z!", ("X", "Y", "Z")),
        ("$BRK_B", ("BRK.B",)),
        ("$AAPL.We think", ("AAPL",)),
        ("US$ABC and A$AP", ()),
        ("$$AAPL $TOOLONGX $a1 $\u00e9 $AAPL\u00e9", ()),
        ("$AAPL\n$MSFT\u2026", ("AAPL", "MSFT")),
        ("&amp;$GE", ("GE",)),
        ("", ()),
    ],
)
def test_tickers_are_the_cashtags_in_order(text: str, expected: object) -> None:
    assert tickers(text) == expected
