"""The maths of the online model, and its constants; compiled code and the River estimator share them.

Each head has three voices. The batch voice says what the batch model says. The two others, steady and quick, correct
it: with P the batch probabilities of a tweet, x its words and e a voice's least probability, a voice says

    softmax(log(max(P, e)) + V P + W x)

V (classes x classes, one for each voice) learns which answers of the batch model mean another class now, W (rows x
classes, shared) what single words mean now. Both begin at 0. The answer is the mean of
the voices, weighed by votes.

A label is learned in this order, with p a voice's probabilities and d = p - (1 for the label, else 0):

1. alarm: the head's detector (`models.online.alarms`) sees how surprising the label was after the answer; for the
   `HASTE_LABELS` labels from an alarm on, the rates of V and W are `HASTE` times what they are;
2. votes: each is multiplied by max(p[label], `LEAST_CREDIT`) ** `VOTE_RATE`; then all are divided by their sum, and
   `VOTE_SHARE` of every vote is dealt out evenly, so that no voice is silenced for ever;
3. V of each voice: V -= rate d P';
4. W, from the steady voice's d alone, where |d| is at least `LEAST_ERROR`: W -= `WORD_RATE` d x', in whole steps.

A tweet's x has, for each occurrence of a term, the term's rarity in the batch model (the highest for a term that it
doesn't know), all divided by the length of that vector.

Source: SGD on log loss; votes as in Herbster and Warmuth, Tracking the Best Expert (1998).
"""

WORD_ROWS = 1 << 17  # feature ids share rows by their low bits; with 2 ** 16 rows new labels lost 0.4 points
STEPS_PER_UNIT = 256  # W is kept as int16 in steps of 1/256: exact in a snapshot, and as good as floats
LARGEST_STEP = 32_767
WORD_RATE = 4.0
CONFUSION_RATES = (0.1, 1.5)  # of the steady and the quick voice
LEAST_PROBABILITIES = (1e-4, 1e-2)  # of the same: the less sure the batch model may be, the sooner it is overruled
VOTE_RATE = 0.5
VOTE_SHARE = 0.01
LEAST_CREDIT = 0.05  # bounds what a single label, perhaps a wrong one, can do to a vote
LEAST_ERROR = 0.05  # classes nearer to the truth are left alone, which keeps W sparse
HASTE = 2.0  # with 3.0 new labels are learned sooner still, but 0.4 points less well in the end
HASTE_LABELS = 500

SURPRISE = 4 / 3  # surprise is the log loss in these times that of a guess among all classes, at most 1
ALARM_MARGIN = 0.1  # by how much mean surprise may rise for nothing; River's `delta`
ALARM_THRESHOLD = 8.0  # no false alarm in 270,000 labels without drift, six seeds and six others
ALARM_FADING = 0.9999  # River's `alpha`
ALARM_LABELS = 30  # no alarm before so many labels

VOICES = ("batch", "steady", "quick")
FIRST_VOTES = (1.0, 1e-9, 1e-9)  # until the first label the batch model alone is heard
BATCH, STEADY = VOICES.index("batch"), VOICES.index("steady")
