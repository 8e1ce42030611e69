"""Are the models in service still as good as they were? Start with `report.py`.

`rows.py` gathers what was said and what came of it, `report.py` turns it into figures by model and
period, `rules.py` says which of them are worth a person's time, `webhook.py` tells that person.
"""
