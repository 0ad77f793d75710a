"""The closed sets of answers: 20 finance topics and three sentiments, in the order of their data sets' ids."""

from enum import StrEnum
from typing import Final, Literal, TypeAlias


class Label(StrEnum):
    """Finance topics; position = id in the public set `zeroshot/twitter-financial-news-topic`."""

    ANALYST_UPDATE = "Analyst Update"
    FED_CENTRAL_BANKS = "Fed | Central Banks"
    COMPANY_PRODUCT_NEWS = "Company | Product News"
    TREASURIES_CORPORATE_DEBT = "Treasuries | Corporate Debt"
    DIVIDEND = "Dividend"
    EARNINGS = "Earnings"
    ENERGY_OIL = "Energy | Oil"
    FINANCIALS = "Financials"
    CURRENCIES = "Currencies"
    GENERAL_NEWS_OPINION = "General News | Opinion"
    GOLD_METALS_MATERIALS = "Gold | Metals | Materials"
    IPO = "IPO"
    LEGAL_REGULATION = "Legal | Regulation"
    M_AND_A_INVESTMENTS = "M&A | Investments"
    MACRO = "Macro"
    MARKETS = "Markets"
    POLITICS = "Politics"
    PERSONNEL_CHANGE = "Personnel Change"
    STOCK_COMMENTARY = "Stock Commentary"
    STOCK_MOVEMENT = "Stock Movement"


class Sentiment(StrEnum):
    """Sentiments; position = id in the public set `zeroshot/twitter-financial-news-sentiment`."""

    BEARISH = "bearish"
    BULLISH = "bullish"
    NEUTRAL = "neutral"


LABELS: tuple[Label, ...] = tuple(Label)
SENTIMENTS: tuple[Sentiment, ...] = tuple(Sentiment)

OTHER: Final = "other"
"""What is answered instead of a topic when the model abstains; no model learns it."""
Answer: TypeAlias = Label | Literal["other"]
ANSWERS: tuple[Answer, ...] = (*LABELS, OTHER)
"""All that `label` may say: the topics at their positions in `LABELS`, then `OTHER`."""
