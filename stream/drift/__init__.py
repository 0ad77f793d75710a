"""The drift process: follows classified tweets, compares window after window, and tells what became of each.

`feed` gives the tweets in the order of their time, `watch` cuts windows of one model version, `subjects` says what they are
compared with, `telling` tells, on the topic by `event_log`. `session` opens all that where the last window ended, with the
windows before by `rebuilding`, and again after Kafka was away. `past` cuts windows for reports on any range of the topic.
"""
