"""What happened, in xAPI statements (1.0.3 and 2.0, IEEE 9274.1.1)? Start with `reader.py`.

`statement.py` decodes one, `verbs.py` says what the learner did, `agent.py` who they are here, and
`activities.py` which items the statements name.
"""
