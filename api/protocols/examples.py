"""The requests and answers of the other protocols that the documentation shows; a test sends every one."""

from typing import Any

_TEXTS = ["Goldman cuts $AAPL to neutral, target $195", "$XOM raises its dividend by 5%"]

INFERENCES: dict[str, dict[str, Any]] = {
    "texts": {
        "summary": "Two texts, all outputs",
        "value": {"id": "42", "inputs": [{"name": "text", "shape": [2], "datatype": "BYTES", "data": _TEXTS}]},
    },
    "labels": {
        "summary": "The five most probable labels alone",
        "value": {
            "parameters": {"top_k": 5},
            "inputs": [{"name": "text", "shape": [2, 1], "datatype": "BYTES", "data": [[text] for text in _TEXTS]}],
            "outputs": [{"name": "labels"}, {"name": "label_scores"}],
        },
    },
    "base64": {
        "summary": "A text in base64",
        "value": {
            "inputs": [
                {
                    "name": "text",
                    "shape": [1],
                    "datatype": "BYTES",
                    "parameters": {"content_type": "base64"},
                    "data": ["JFhPTSByYWlzZXMgaXRzIGRpdmlkZW5k"],
                }
            ],
            "outputs": [{"name": "label"}],
        },
    },
}
INFERENCE_ANSWER = {
    "model_name": "tickertape",
    "model_version": "7",
    "parameters": {"online_version": 0},
    "outputs": [
        {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["Analyst Update", "Dividend"]},
        {"name": "label_score", "datatype": "FP64", "shape": [2], "data": [0.93, 0.98]},
        {"name": "sentiment", "datatype": "BYTES", "shape": [2], "data": ["bearish", "bullish"]},
        {"name": "sentiment_score", "datatype": "FP64", "shape": [2], "data": [-0.81, 0.9]},
        {
            "name": "labels",
            "datatype": "BYTES",
            "shape": [2, 2],
            "data": ["Analyst Update", "Stock Commentary", "Dividend", "Company | Product News"],
        },
        {"name": "label_scores", "datatype": "FP64", "shape": [2, 2], "data": [0.93, 0.03, 0.98, 0.01]},
    ],
    "id": "42",
}
INVOCATIONS: dict[str, dict[str, Any]] = {
    "dataframe-split": {
        "summary": "A table, as pandas writes it with orient='split'",
        "value": {"dataframe_split": {"columns": ["text"], "data": [[text] for text in _TEXTS]}},
    },
    "dataframe-records": {
        "summary": "A table, as pandas writes it with orient='records'",
        "value": {"dataframe_records": [{"text": text} for text in _TEXTS]},
    },
    "instances": {"summary": "Rows, as TensorFlow Serving reads them", "value": {"instances": _TEXTS}},
    "inputs": {"summary": "Columns, as TensorFlow Serving reads them", "value": {"inputs": {"text": _TEXTS}}},
}
INVOCATIONS_ANSWER = {
    "predictions": [
        {"label": "Analyst Update", "label_score": 0.93, "sentiment": "bearish", "sentiment_score": -0.81},
        {"label": "Dividend", "label_score": 0.98, "sentiment": "bullish", "sentiment_score": 0.9},
    ],
    "model": {"name": "tickertape", "version": "7", "online_version": 0},
}
