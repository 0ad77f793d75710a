"""A FastAPI application as one writes it first: the scikit-learn pipelines behind one route."""

import os
import pickle
from pathlib import Path

from fastapi import FastAPI
from pydantic import BaseModel


class Texts(BaseModel):
    """What is sent."""

    texts: list[str]


class Answer(BaseModel):
    """What is said of one text."""

    label: str
    label_score: float
    sentiment: str
    sentiment_score: float


class Answers(BaseModel):
    """What is answered."""

    predictions: list[Answer]


app = FastAPI()
pipelines = pickle.loads(Path(os.environ["BENCH_PIPELINES"]).read_bytes())  # noqa: S301  # the benchmark wrote it


@app.post("/predict")
def predict(body: Texts) -> Answers:
    """Answer texts."""
    return Answers(predictions=[Answer(**row) for row in pipelines.answers(body.texts)])
