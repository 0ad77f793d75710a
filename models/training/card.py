"""The short model card that lies beside exported weights."""

from models.evaluation.metrics import HeadPerformance
from models.retraining.findings import FeedbackUsed
from models.training.trainer import TrainingResult


def model_card(
    result: TrainingResult, feedback: FeedbackUsed | None, *, weights_sha256: str, weights_bytes: int, data_sha256: str
) -> str:
    """Say in Markdown what the weights are, what they were made from, and how they fare."""
    heads = "\n".join(_row(*head) for head in (("topic", result.labels), ("sentiment", result.sentiments)))
    return f"""# Tickertape's weights

Two linear heads, 20 finance topics and 3 sentiments, over hashed features of tweets in English.
`docs/model-card.md` says what they are for, where they fail, and how to make them again.

- File: `weights.npz`, {weights_bytes:,} bytes, {len(result.weights.ids):,} features, no text and no pickle in it.
- sha256: `{weights_sha256}`; it is checked at each start.
- Written by `tickertape {"train" if feedback is None else "retrain"} --export`, fitted on {result.label_tweets:,} tweets with a topic and
  {result.sentiment_tweets:,} with a sentiment, each text once.
- Training data: `zeroshot/twitter-financial-news-topic` and `zeroshot/twitter-financial-news-sentiment`, MIT licence;
  sha256 over the files `{data_sha256}`.
{_from_people(feedback)}
| head | held-out tweets | accuracy | macro-F1 | weighted F1 | calibration error |
| --- | ---: | ---: | ---: | ---: | ---: |
{heads}

{_ORIGIN[result.is_refitted]}
"""


_ORIGIN = {
    True: "The figures are those of weights fitted without the held-out tweets (a share of each class, no text of which,\n"
    "links aside, is also among the training tweets). The weights in this folder were then fitted on all tweets, the\n"
    "held-out ones too: these weights themselves were never measured on tweets they had not seen.",
    False: "The held-out tweets are the published validation files, without texts that, links aside, are also among the\n"
    "training tweets. The weights in this folder never saw them.",
}


def _from_people(used: FeedbackUsed | None) -> str:
    if used is None:
        return ""
    return f"""- And labels that people gave: {used.labels:,} topics and {used.sentiments:,} sentiments, up to record {used.last_offset:,} of
  `tweets.feedback`; sha256 over them `{used.sha256}`.
"""


def _row(name: str, head: HeadPerformance) -> str:
    shares = (head.accuracy, head.macro_f1, head.weighted_f1, head.calibration_error)
    return f"| {name} | {head.tweets:,} | " + " | ".join(f"{share:.3f}" for share in shares) + " |"
