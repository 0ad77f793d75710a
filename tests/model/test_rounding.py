"""Serving from signed bytes costs no accuracy: the exported scorer against the estimators that it is made from."""

import pytest

from config.settings import ProjectSettings
from models.data.dataset import HeadSplit, read_split
from models.features import feature_rows
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from models.training.arguments import TrainingArguments

FOLDER = ProjectSettings().data_dir
POINTS = 0.002

pytestmark = [
    pytest.mark.training,
    pytest.mark.data,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (FOLDER / "topic_train.csv").exists(), reason=f"no labelled tweets in {FOLDER}: set TICKERTAPE_DATA_DIR"
    ),
]


def test_exported_weights_are_as_accurate_as_the_estimators() -> None:
    from models.training import batch  # noqa: PLC0415  # scikit-learn costs seconds, which only this test pays

    arguments = TrainingArguments()
    split = read_split(FOLDER, held_out_share=arguments.held_out_share, seed=arguments.seed)

    def hashed(texts: tuple[str, ...]) -> batch.HashedTweets:
        return batch.HashedTweets(*feature_rows(texts))

    def fit(head: HeadSplit, class_count: int) -> batch.LinearHead:
        return batch.fit_head(
            space.matrix(hashed(head.train.texts)),
            head.train.classes,
            class_count=class_count,
            inverse_regularisation=1.0,
            seed=arguments.seed,
        )

    train = split.labels.train.texts + split.sentiments.train.texts
    space = batch.feature_space(
        hashed(train).counts(), tweet_count=len(train), min_tweets=arguments.min_tweets_per_feature
    )
    heads = fit(split.labels, len(LABELS)), fit(split.sentiments, len(SENTIMENTS))
    scorer = Scorer(batch.export_weights(space, heads))

    for name, head, held_out in (
        ("labels", heads[0], split.labels.held_out),
        ("sentiments", heads[1], split.sentiments.held_out),
    ):
        estimator = head.scores(space.matrix(hashed(held_out.texts))).argmax(axis=1)
        exported = getattr(scorer.scores(held_out.texts), name).argmax(axis=1)
        accuracies = [float((said == held_out.classes).mean()) for said in (estimator, exported)]
        assert abs(accuracies[1] - accuracies[0]) <= POINTS, f"{name}: estimator and signed bytes {accuracies}"
