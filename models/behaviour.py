"""Plain tweets that every model which answers must understand."""

from models.contracts import Predictor
from models.records import Tweet
from models.taxonomy import Label

_CASES = (
    ("Goldman Sachs upgrades Deere to buy, raises price target to $450", Label.ANALYST_UPDATE),
    ("Fed's Powell says rates will stay higher for longer", Label.FED_CENTRAL_BANKS),
    ("Tesla launches a new version of its Model Y in Europe", Label.COMPANY_PRODUCT_NEWS),
    ("US 10-year Treasury yield climbs to 4.2%", Label.TREASURIES_CORPORATE_DEBT),
    ("Coca-Cola declares quarterly dividend of $0.46 per share", Label.DIVIDEND),
    ("$NFLX Netflix Q2 2022 Earnings Call Transcript", Label.EARNINGS),
    ("Brent crude oil falls as OPEC raises output", Label.ENERGY_OIL),
    ("Company reports Q3 EPS of $1.20, revenue of $3.4B beats", Label.FINANCIALS),
    ("Euro slides to parity with the dollar", Label.CURRENCIES),
    ("Gold prices rise as investors seek safety", Label.GOLD_METALS_MATERIALS),
    ("Chip designer files for an IPO on the Nasdaq", Label.IPO),
    ("Judge rules that the lawsuit against Google may proceed", Label.LEGAL_REGULATION),
    ("Microsoft to acquire Activision in $69 billion deal", Label.M_AND_A_INVESTMENTS),
    ("US inflation rose 8.6% in May, jobless claims fell", Label.MACRO),
    ("Dow futures rise as Wall Street opens higher", Label.MARKETS),
    ("President Biden to meet senators at the White House", Label.POLITICS),
    ("Company appoints Jane Doe as chief executive officer", Label.PERSONNEL_CHANGE),
    ("$AAPL looks like a strong buy for long-term investors", Label.STOCK_COMMENTARY),
    ("$GME shares soar 30% in premarket trading", Label.STOCK_MOVEMENT),
)


def behaviour_problems(predictor: Predictor) -> tuple[str, ...]:
    """Name each case that the predictor gets wrong, one sentence each; none means that it may answer."""
    answers = predictor.predict([Tweet(text) for text, _ in _CASES])
    return tuple(
        f"{text!r} is {answer.label}, expected {label}"
        for (text, label), answer in zip(_CASES, answers, strict=True)
        if answer.label is not label
    )
