"""Where is everything kept in a database? Start with `schema.py`, then `store.py`.

SQLAlchemy Core describes the tables, writes the statements' text and runs the migrations; at run
time prepared text goes straight to the driver (sqlite3, psycopg), because a request has a budget
of 200 microseconds and building a statement costs half of that.
"""
