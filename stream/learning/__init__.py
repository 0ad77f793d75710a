"""Learning from late labels, in whichever worker holds the topic of feedback.

`sent_out` finds the texts, `judging` says what becomes of each record of feedback, `learner` learns and makes snapshots,
`archive` reads back what earlier learners left, `agent` acknowledges feedback once a snapshot has it, and `following`
lets every worker answer with the last snapshot.
"""
