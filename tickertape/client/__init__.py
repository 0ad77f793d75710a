"""The Python client of the HTTP API: `Client`, `AsyncClient`, what they give back and what they raise."""

from models.explanations import ExplainedTweet
from models.feedback import FeedbackFields as Feedback
from models.records import ClassifiedTweet, Tweet
from models.taxonomy import Label, Sentiment
from tickertape.client.async_client import AsyncClient
from tickertape.client.client import Client
from tickertape.client.errors import (
    ClientError,
    InvalidRequestError,
    KeyRefusedError,
    NoAnswerError,
    NotExplainableError,
    NotFoundError,
    Problem,
    ProblemError,
    ServerFaultError,
    TooManyRequestsError,
    UnavailableError,
    UnexpectedAnswerError,
    WrongInputError,
)
from tickertape.client.events import LiveEvent
from tickertape.client.retrying import Retries

__all__ = [
    "AsyncClient",
    "ClassifiedTweet",
    "Client",
    "ClientError",
    "ExplainedTweet",
    "Feedback",
    "InvalidRequestError",
    "KeyRefusedError",
    "Label",
    "LiveEvent",
    "NoAnswerError",
    "NotExplainableError",
    "NotFoundError",
    "Problem",
    "ProblemError",
    "Retries",
    "Sentiment",
    "ServerFaultError",
    "TooManyRequestsError",
    "Tweet",
    "UnavailableError",
    "UnexpectedAnswerError",
    "WrongInputError",
]
